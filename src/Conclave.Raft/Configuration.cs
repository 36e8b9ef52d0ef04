namespace Conclave.Raft;

/// <summary>Whether a server counts for a quorum. The numbers are those of the wire.</summary>
public enum Suffrage
{
    /// <summary>Votes and counts.</summary>
    Voter = 0,
    /// <summary>Receives the log only.</summary>
    Nonvoter = 1,
    /// <summary>Old form of <see cref="Nonvoter"/>, treated the same.</summary>
    Staging = 2,
}

/// <summary>A member of the Raft group.</summary>
/// <param name="Id">UUID of the node.</param>
/// <param name="Address"><c>ip:port</c>.</param>
/// <param name="Suffrage">Whether it counts.</param>
public sealed record RaftServer(string Id, string Address, Suffrage Suffrage);

/// <summary>The servers of the group: always the complete list, immutable.</summary>
public sealed class Configuration
{
    /// <summary>No servers: before bootstrap or join.</summary>
    public static Configuration Empty { get; } = new([]);

    private readonly RaftServer[] _servers;

    /// <summary>Copies the list. Ids and addresses must be unique and not empty.</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public Configuration(IEnumerable<RaftServer> servers)
    {
        _servers = [.. servers];
        for (int i = 0; i < _servers.Length; i++)
        {
            var server = _servers[i];
            if (server.Id.Length == 0) throw new ArgumentException("empty ID in configuration");
            if (server.Address.Length == 0) throw new ArgumentException("empty address in configuration");
            for (int j = 0; j < i; j++)
            {
                if (_servers[j].Id == server.Id) throw new ArgumentException($"found duplicate ID in configuration: {server.Id}");
                if (_servers[j].Address == server.Address) throw new ArgumentException($"found duplicate address in configuration: {server.Address}");
            }
            if (server.Suffrage == Suffrage.Voter) VoterCount++;
        }
    }

    /// <summary>In the order of the entry.</summary>
    public ReadOnlySpan<RaftServer> Servers => _servers;

    /// <summary>Servers that count for a quorum.</summary>
    public int VoterCount { get; }

    /// <summary>Voters needed to decide.</summary>
    public int QuorumSize => VoterCount / 2 + 1;

    /// <summary>The server with this id, or null.</summary>
    public RaftServer? Find(string id)
    {
        foreach (var server in _servers)
            if (server.Id == id) return server;
        return null;
    }

    /// <summary>Whether this server counts for a quorum.</summary>
    public bool IsVoter(string id) => Find(id) is { Suffrage: Suffrage.Voter };
}
