using Conclave.Agent.Configuration;
using Conclave.Storage;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>
/// What a server with a damaged log does when it has others to join: nobody knows which entries and votes it forgot, so it must not come back as who it was. Its data is set aside, never deleted;
/// it gets a new id and joins like a new server, and the leader gives it the place of the old one. The others must have a majority without it.
/// </summary>
internal static class DamagedLog
{
    private const string SetAsidePrefix = DiskLayout.Raft + ".damaged-";

    /// <summary>Whether a server with this configuration can be a new one among others.</summary>
    public static bool MayRejoin(AgentConfig config)
    {
        bool hasOthers = config.Join.RetryJoin.Count > 0 || config.Join.StartJoin.Count > 0;
        return config.Server && !config.InMemory && config.NodeId.Length == 0 && hasOthers;
    }

    /// <summary>Sets the data of Raft and the node's id aside.</summary>
    /// <exception cref="DiskException">That did not work; what is there can still be read.</exception>
    public static void SetAside(AgentConfig config, WalDamagedException damage, TimeProvider time, ILogger log)
    {
        using var disk = NodeDisk.Open(config.DataDir, new NodeInbox());
        string folder = $"{SetAsidePrefix}{time.GetUtcNow().ToUnixTimeMilliseconds()}";
        disk.Rename(DiskLayout.Raft, folder);
        disk.FlushDirectory("");                                       // first the log: an id without its log would be somebody who forgot
        disk.Delete(DiskLayout.NodeId);
        disk.FlushDirectory("");
        DamagedLogMessages.SetAside(log, damage.Message, folder);
    }

    /// <summary>The configuration of a server whose data was set aside: it may not form a cluster of its own, which would be an empty one under the old name.</summary>
    public static AgentConfig WithoutBootstrap(AgentConfig config, IDisk? disk, ILogger log)
    {
        if (disk is null || (!config.Bootstrap && config.BootstrapExpect == 0)) return config;
        foreach (string name in disk.List(""))
        {
            if (!name.StartsWith(SetAsidePrefix, StringComparison.Ordinal)) continue;
            DamagedLogMessages.NoBootstrap(log, name);
            return config with { Bootstrap = false, BootstrapExpect = 0 };
        }
        return config;
    }
}

/// <summary>Log lines about damaged logs.</summary>
internal static partial class DamagedLogMessages
{
    [LoggerMessage(EventId = 210, Level = LogLevel.Error, Message = "{Damage} This server sets its data aside in {Folder}, takes a new node id and joins the others like a new server. Remove the folder when the cluster is healthy")]
    public static partial void SetAside(ILogger log, string damage, string folder);

    [LoggerMessage(EventId = 211, Level = LogLevel.Warning, Message = "The folder {Folder} holds data that was set aside because it is damaged: this server joins others, but forms no cluster")]
    public static partial void NoBootstrap(ILogger log, string folder);
}
