using Conclave.Agent;
using Conclave.Agent.Configuration;

namespace Conclave.Cli.Commands.Agents;

/// <summary>What an agent says about itself before its log begins.</summary>
internal static class AgentBanner
{
    public static string Of(AgentConfig config, AgentIdentity identity) =>
        $"""
        ==> Starting Consul agent...
                   Version: '{identity.Version}'
                   Node ID: '{identity.NodeId}'
                 Node name: '{identity.NodeName}'
                Datacenter: '{identity.Datacenter}' (Segment: '{(identity.IsServer ? "<all>" : "")}')
                    Server: {Word(identity.IsServer)} (Bootstrap: {Word(config.Bootstrap)})
               Client Addr: [{string.Join(' ', config.ClientAddresses)}] (HTTP: {config.Ports.Http}, HTTPS: {config.Ports.Https}, gRPC: {config.Ports.Grpc}, DNS: {config.Ports.Dns})
              Cluster Addr: {identity.AdvertiseAddress} (LAN: {identity.SerfLanPort}, WAN: {identity.SerfWanPort})
                   Encrypt: Gossip: {Word(config.Encrypt.Length > 0)}, TLS-Outgoing: {Word(config.Tls.VerifyOutgoing)}, TLS-Incoming: {Word(config.Tls.VerifyIncomingRpc)}, Auto-Encrypt-TLS: false

        ==> Log data will now stream in as it occurs:


        """;

    private static string Word(bool value) => value ? "true" : "false";
}
