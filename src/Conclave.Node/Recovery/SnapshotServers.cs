using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>Configurations as snapshots describe them.</summary>
internal static class SnapshotServers
{
    public static SnapshotServer[] From(Configuration configuration)
    {
        var servers = new SnapshotServer[configuration.Servers.Length];
        for (int i = 0; i < servers.Length; i++)
        {
            var server = configuration.Servers[i];
            servers[i] = new SnapshotServer((int)server.Suffrage, server.Id, server.Address);
        }
        return servers;
    }

    /// <summary>The configuration in a snapshot; empty without one.</summary>
    public static Configuration ToConfiguration(SnapshotMeta? snapshot)
    {
        if (snapshot is null) return Configuration.Empty;
        var servers = new List<RaftServer>(snapshot.Configuration.Count);
        foreach (var server in snapshot.Configuration) servers.Add(new RaftServer(server.Id, server.Address, (Suffrage)server.Suffrage));
        return new Configuration(servers);
    }
}
