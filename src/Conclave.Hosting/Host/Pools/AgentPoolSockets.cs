using Conclave.Agent.Configuration;
using Conclave.Hosting.Gossip;

namespace Conclave.Hosting.Pools;

/// <summary>The sockets of an agent's pools, opened before anything else so that a port in use stops the start and port 0 has its number. Owned until they are handed on.</summary>
internal sealed class AgentPoolSockets : IDisposable
{
    private AgentPoolSockets(GossipSockets? lan, GossipSockets? wan) => (Lan, Wan) = (lan, wan);

    /// <summary>Of the pool of the datacenter; null for an agent that gossips with nobody (port -1).</summary>
    public GossipSockets? Lan { get; private set; }

    /// <summary>Of the pool between datacenters; null for clients and where it is switched off (port -1).</summary>
    public GossipSockets? Wan { get; private set; }

    /// <summary>Opens what the configuration asks for.</summary>
    /// <exception cref="IOException">An address is in use or not of this host.</exception>
    public static AgentPoolSockets Open(AgentConfig config)
    {
        if (config.Ports.SerfLan < 0) return new AgentPoolSockets(null, null);
        var lan = GossipSockets.Open(PoolSettings.BindAddress(config, wan: false), config.Ports.SerfLan);
        if (!config.Server || config.Ports.SerfWan < 0) return new AgentPoolSockets(lan, null);
        try
        {
            return new AgentPoolSockets(lan, GossipSockets.Open(PoolSettings.BindAddress(config, wan: true), config.Ports.SerfWan));
        }
        catch
        {
            lan.Dispose();
            throw;
        }
    }

    /// <summary>Hands the sockets on; whoever gets them owns them.</summary>
    public GossipSockets? TakeLan()
    {
        var taken = Lan;
        Lan = null;
        return taken;
    }

    /// <summary>Hands the sockets on; whoever gets them owns them.</summary>
    public GossipSockets? TakeWan()
    {
        var taken = Wan;
        Wan = null;
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Lan?.Dispose();
        Wan?.Dispose();
    }
}
