using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Hosting.Tests.Streaming;

/// <summary>Commands that change services.</summary>
internal static class Registrations
{
    public static byte[] Service(string node, string id, string service = "web", string status = HealthStatus.Passing, int port = 80) => CommandCodec.Encode(new RegisterRequest
    {
        Datacenter = "dc1", Node = node, Address = "10.0.0.1",
        Service = new NodeService { Id = id, Service = service, Port = port, Weights = ServiceWeights.Default },
        Check = new HealthCheck { Node = node, CheckId = "c-" + id, Name = "chk", Status = status, ServiceId = id, ServiceName = service },
    });

    public static byte[] Proxy(string node, string id, string destination) => CommandCodec.Encode(new RegisterRequest
    {
        Datacenter = "dc1", Node = node, Address = "10.0.0.1",
        Service = new NodeService
        {
            Id = id, Service = destination + "-proxy", Kind = "connect-proxy", Port = 81, Weights = ServiceWeights.Default,
            Proxy = new MsgPackMap { Fields = [new("DestinationServiceName", (ReadOnlyMemory<byte>)System.Text.Encoding.UTF8.GetBytes(destination))] },
        },
    });

    public static byte[] Gone(string node, string serviceId = "") => CommandCodec.Encode(new DeregisterRequest { Datacenter = "dc1", Node = node, ServiceId = serviceId });

    public static byte[] NoCheck(string node, string checkId) => CommandCodec.Encode(new DeregisterRequest { Datacenter = "dc1", Node = node, CheckId = checkId });

    public static byte[] Together(string node, params string[] ids) => CommandCodec.Encode(new TxnRequest
    {
        Ops = [.. ids.Select(id => new TxnOp { Service = new TxnServiceOp("set", node, new NodeService { Id = id, Service = "web", Port = id[^1] - '0', Weights = ServiceWeights.Default }) })],
    });
}
