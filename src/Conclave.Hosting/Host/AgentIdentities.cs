using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Conclave.Agent;
using Conclave.Agent.Configuration;

namespace Conclave.Hosting;

/// <summary>Derives who an agent is from its configuration and its host.</summary>
internal static class AgentIdentities
{
    /// <summary>The identity that all parts of the agent share.</summary>
    public static AgentIdentity From(AgentConfig config, string nodeId)
    {
        string address = AdvertiseAddress(config);
        return new AgentIdentity
        {
            NodeName = config.NodeName,
            NodeId = nodeId,
            Datacenter = config.Datacenter,
            PrimaryDatacenter = config.PrimaryDatacenter,
            IsServer = config.Server,
            Bootstrap = config.Bootstrap,
            AdvertiseAddress = address,
            AdvertiseAddressWan = config.AdvertiseAddressWan.Length > 0 ? config.AdvertiseAddressWan : address,
            SerfLanPort = config.Ports.SerfLan,
            SerfWanPort = config.Ports.SerfWan,
            ServerPort = config.Ports.Server,
            NodeMeta = config.NodeMeta,
        };
    }

    private static string AdvertiseAddress(AgentConfig config)
    {
        if (config.AdvertiseAddress.Length > 0) return config.AdvertiseAddress;
        bool isUnspecified = config.BindAddress is "" or "0.0.0.0" or "::" or "[::]";
        return isUnspecified ? HostAddress() : config.BindAddress;
    }

    // A private address of this host when it has one, as peers choose; a host without a network still has itself.
    private static string HostAddress()
    {
        string? other = null;
        foreach (var port in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (port.OperationalStatus != OperationalStatus.Up || port.NetworkInterfaceType == NetworkInterfaceType.Loopback) continue;
            foreach (var unicast in port.GetIPProperties().UnicastAddresses)
            {
                if (unicast.Address.AddressFamily != AddressFamily.InterNetwork) continue;
                if (IsPrivate(unicast.Address)) return unicast.Address.ToString();
                other ??= unicast.Address.ToString();
            }
        }
        return other ?? IPAddress.Loopback.ToString();
    }

    private static bool IsPrivate(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        return bytes[0] == 10 || (bytes[0] == 172 && bytes[1] is >= 16 and < 32) || (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 100 && bytes[1] is >= 64 and < 128);
    }
}
