using Conclave.Core;

namespace Conclave.Node.Forwarding;

/// <summary>
/// The servers that an agent without a state of its own may ask, in the order in which it prefers them. Agents prefer different ones, so that all servers have work.
/// Not thread-safe.
/// </summary>
/// <param name="random">Makes the order; owned from now on.</param>
public sealed class ServerRoster(Prng random)
{
    // Far above any datacenter's number. Of more, those are left out that come last in the pool's order.
    private const int ServersMax = 128;

    private List<string> _servers = [];

    /// <summary>Addresses (<c>ip:port</c>), the preferred one first. A list that never changes.</summary>
    public IReadOnlyList<string> Servers => _servers;

    /// <summary>Whether there ever was one.</summary>
    public bool HasKnownAny { get; private set; }

    /// <summary>Takes over who is there now. Those that were there keep their places, new ones get places by chance. True when somebody is new.</summary>
    public bool Update(IReadOnlyList<string> alive)
    {
        var next = new List<string>(alive.Count);
        foreach (string server in _servers)
            if (alive.Contains(server)) next.Add(server);
        int kept = next.Count;
        for (int i = 0; i < alive.Count && next.Count < ServersMax; i++)
            if (!next.Contains(alive[i])) next.Insert((int)random.Next(next.Count + 1), alive[i]);
        _servers = next;
        HasKnownAny |= next.Count > 0;
        return next.Count > kept;
    }

    /// <summary>A server could not be asked: it is the last one to be asked from now on, if it was the first.</summary>
    public void OnFailed(string server)
    {
        if (_servers.Count < 2 || _servers[0] != server) return;
        _servers = [.. _servers[1..], server];
    }

    /// <summary>An order of chance, so that the agents of a datacenter spread over its servers again after some were away.</summary>
    public void Shuffle()
    {
        var next = new List<string>(_servers);
        for (int i = next.Count - 1; i > 0; i--)
        {
            int j = (int)random.Next(i + 1);
            (next[i], next[j]) = (next[j], next[i]);
        }
        _servers = next;
    }
}
