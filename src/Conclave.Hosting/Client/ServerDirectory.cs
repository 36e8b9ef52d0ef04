using Conclave.Core;
using Conclave.Hosting.Calls;
using Conclave.Node;
using Conclave.Node.Forwarding;

namespace Conclave.Hosting.Client;

/// <summary>The servers that gossip knows, shared by all requests of an agent without a state of its own. Thread-safe.</summary>
internal sealed class ServerDirectory
{
    private readonly Lock _gate = new();
    private readonly ServerRoster _roster = new(new Prng((ulong)Random.Shared.NextInt64()));   // Guarded by _gate.
    private readonly Pulse _changed = new();

    /// <summary>A server came that was not there before. Called by whoever brought the news: must return at once and not throw.</summary>
    public event Action? ServerCame;

    /// <summary>Completes with the next change.</summary>
    public Task NextChange => _changed.Next;

    /// <summary>Addresses, the preferred one first: a list that never changes.</summary>
    public IReadOnlyList<string> Servers
    {
        get
        {
            lock (_gate) return _roster.Servers;
        }
    }

    /// <summary>Takes over who is in the pool.</summary>
    public void Update(IReadOnlyList<ServerMember> members)
    {
        var alive = new List<string>(members.Count);
        foreach (var member in members)
            if (member.Status == ServerMemberStatus.Alive) alive.Add(member.Address);
        bool hasNew;
        lock (_gate) hasNew = _roster.Update(alive);
        _changed.Fire();
        if (hasNew) ServerCame?.Invoke();
    }

    /// <summary>Looks at the servers, or changes their order.</summary>
    public T With<T>(Func<ServerRoster, T> look)
    {
        lock (_gate) return look(_roster);
    }

    /// <summary>A server could not be asked.</summary>
    public void OnFailed(string server)
    {
        lock (_gate) _roster.OnFailed(server);
    }

    /// <summary>Another order by chance.</summary>
    public void Shuffle()
    {
        lock (_gate) _roster.Shuffle();
    }
}
