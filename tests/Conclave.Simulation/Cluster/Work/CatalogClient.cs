using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node.Requests;

namespace Conclave.Simulation.Cluster;

/// <summary>Keeps the catalog moving: nodes, services and checks come, change and go, and sessions that hang on checks with them.</summary>
internal sealed class CatalogClient(SimCluster cluster, int number) : SimClient(cluster, $"catalog{number}")
{
    protected override void Step()
    {
        string node = $"n{Chance.Next(3)}";
        byte[] command = Chance.Next(8) switch
        {
            0 => CommandCodec.Encode(new DeregisterRequest { Node = node }),
            1 => CommandCodec.Encode(new DeregisterRequest { Node = node, ServiceId = "web" }),
            2 => CommandCodec.Encode(new SessionRequest { Op = SessionRequests.Create, Session = new Session { Node = node, NodeChecks = ["alive"], Behavior = SessionRequests.Delete } }),
            _ => CommandCodec.Encode(Registration(node)),
        };
        Apply(command, call =>
        {
            if (call is { Outcome: Outcome.Answered, Result.Kind: not ApplyResultKind.Error }) Successes++;
            Pause();
        });
    }

    private RegisterRequest Registration(string node) => new()
    {
        Node = node,
        Address = $"10.1.0.{Chance.Next(3)}",
        Service = Chance.Next(2) == 0 ? null : new NodeService { Id = "web", Service = "web", Port = 80 + (int)Chance.Next(3), Weights = ServiceWeights.Default },
        Check = new HealthCheck { Node = node, CheckId = "alive", Name = "alive", Status = Chance.Next(4) == 0 ? HealthStatus.Critical : HealthStatus.Passing, Output = $"{Chance.Next(4)}" },
    };
}

/// <summary>Does what must be there before the others begin: the node on which the sessions of the lock clients live.</summary>
internal sealed class Setup(SimCluster cluster) : SimClient(cluster, "setup")
{
    public const string StableNode = "stable";

    protected override void Step()
    {
        if (Successes > 0) return;
        Apply(CommandCodec.Encode(new RegisterRequest { Node = StableNode, Address = "10.2.0.1" }), call =>
        {
            if (call.Outcome == Outcome.Answered) Successes++;
            Pause();
        });
    }
}
