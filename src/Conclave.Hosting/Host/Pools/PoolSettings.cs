using System.Net;
using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Gossip;
using Conclave.Gossip.Consul;
using Conclave.Gossip.Security;
using Conclave.Hosting.Gossip;
using Microsoft.Extensions.Logging;
using PoolConfig = Conclave.Gossip.GossipConfig;
using TimingConfig = Conclave.Agent.Configuration.GossipConfig;

namespace Conclave.Hosting.Pools;

/// <summary>Translates an agent's configuration into what its pools are given.</summary>
internal static class PoolSettings
{
    /// <summary>Where a pool listens.</summary>
    public static IPAddress BindAddress(AgentConfig config, bool wan)
    {
        string own = wan ? config.SerfBindAddressWan : config.SerfBindAddressLan;
        return IPAddress.Parse(own.Length > 0 ? own : config.BindAddress);
    }

    /// <summary>What the pool of the datacenter is given.</summary>
    public static GossipRuntimeOptions Lan(AgentConfig config, AgentIdentity identity, GossipSockets sockets, IGossipListener listener, ILoggerFactory loggers, TimeProvider time)
    {
        var advertise = GossipEndpoint.From(IPAddress.Parse(identity.AdvertiseAddress), identity.SerfLanPort);
        var pool = Common(PoolConfig.Lan(identity.NodeName, advertise), config, config.GossipLan) with
        {
            Tags = PoolTags.Of(config, identity).ForLan(),
            Policy = new ConsulLanPolicy(identity.NodeName, identity.NodeId, identity.Datacenter),
            ReconnectTimeout = config.ReconnectTimeoutLan,
            AllowedNetworks = Networks(config.SerfAllowedCidrsLan),
        };
        return Options(config, pool, sockets, listener, loggers, time, "local", "lan");
    }

    /// <summary>What the pool between datacenters is given.</summary>
    public static GossipRuntimeOptions Wan(AgentConfig config, AgentIdentity identity, GossipSockets sockets, IGossipListener listener, ILoggerFactory loggers, TimeProvider time)
    {
        string address = identity.AdvertiseAddressWan.Length > 0 ? identity.AdvertiseAddressWan : identity.AdvertiseAddress;
        var advertise = GossipEndpoint.From(IPAddress.Parse(address), identity.SerfWanPort);
        var pool = Common(PoolConfig.Wan(ConsulTags.WanName(identity.NodeName, identity.Datacenter), advertise), config, config.GossipWan) with
        {
            Tags = PoolTags.Of(config, identity).ForWan(),
            Policy = new ConsulWanPolicy(),
            ReconnectTimeout = config.ReconnectTimeoutWan,
            AllowedNetworks = Networks(config.SerfAllowedCidrsWan),
        };
        return Options(config, pool, sockets, listener, loggers, time, "remote", "wan") with { PublishCoordinates = true };
    }

    private static PoolConfig Common(PoolConfig pool, AgentConfig config, TimingConfig timing) => pool with
    {
        GossipNodes = timing.GossipNodes,
        GossipInterval = timing.GossipInterval,
        ProbeInterval = timing.ProbeInterval,
        ProbeTimeout = timing.ProbeTimeout,
        SuspicionMult = timing.SuspicionMultiplier,
        RetransmitMult = timing.RetransmitMultiplier,
        VerifyIncoming = config.EncryptVerifyIncoming,
        VerifyOutgoing = config.EncryptVerifyOutgoing,
        RejoinAfterLeave = config.Join.RejoinAfterLeave,
        KeepSnapshot = !config.InMemory,
        EnableCoordinates = !config.DisableCoordinates,
    };

    private static GossipRuntimeOptions Options(AgentConfig config, PoolConfig pool, GossipSockets sockets, IGossipListener listener, ILoggerFactory loggers, TimeProvider time, string file, string suffix)
    {
        string? folder = config.InMemory ? null : Path.Combine(config.DataDir, "serf");
        string? keyring = folder is null || config.DisableKeyringFile ? null : Path.Combine(folder, file + ".keyring");
        var keys = Keys(keyring, config, sockets, out bool isKeyPassedOver);
        if (isKeyPassedOver) PoolLog.KeyPassedOver(loggers.CreateLogger("agent"), suffix.ToUpperInvariant());
        return new GossipRuntimeOptions
        {
            Config = pool,
            BindAddress = sockets.Address,
            Sockets = sockets,
            Keyring = keys,
            KeyringPath = keyring,
            SnapshotPath = folder is null ? null : Path.Combine(folder, file + ".snapshot"),
            Listener = listener,
            Loggers = loggers,
            LogName = (config.Server ? "agent.server." : "agent.client.", "." + suffix),
            Time = time,
        };
    }

    private static Keyring? Keys(string? path, AgentConfig config, GossipSockets sockets, out bool isKeyPassedOver)
    {
        try
        {
            return GossipKeys.Load(path, config.Encrypt, out isKeyPassedOver);
        }
        catch
        {
            sockets.Dispose();                                         // they came to stay with the pool, which will not be
            throw;
        }
    }

    private static List<IPNetwork>? Networks(IReadOnlyList<string> texts) => texts.Count == 0 ? null : texts.Select(static text => IPNetwork.Parse(text)).ToList();
}
