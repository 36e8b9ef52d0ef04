using Conclave.Core;
using Conclave.Node;

namespace Conclave.Simulation.Cluster;

/// <summary>One that uses the cluster: does one thing after the other, waiting for each.</summary>
internal abstract class SimClient(SimCluster cluster, string name)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected SimCluster Cluster { get; } = cluster;

    protected Prng Chance { get; } = cluster.World.Stream($"client/{name}");

    protected string Name { get; } = name;

    /// <summary>Things that succeeded.</summary>
    public long Successes { get; protected set; }

    /// <summary>It waits for an answer.</summary>
    public bool IsWaiting { get; private set; }

    protected long Now => Cluster.World.Now.Nanoseconds;

    public void Begin() => Pause();

    /// <summary>The next thing to do; ends in <see cref="Pause"/>, sooner or later.</summary>
    protected abstract void Step();

    /// <summary>Thinks for a while, then goes on.</summary>
    protected void Pause()
    {
        if (!Cluster.IsOver) Cluster.World.After(Chance.NextTimeSpan(Cluster.Settings.ThinkTime * 2), StepUnlessOver);
    }

    protected void Apply(byte[] command, Action<Call> over) => Ask(NodeRequestKind.Apply, over, command);

    protected void Read(Action<Call> over) => Ask(NodeRequestKind.ReadBarrier, over);

    protected void Renew(string session, Action<Call> over) => Ask(NodeRequestKind.RenewSession, over, session: session);

    private void StepUnlessOver()
    {
        if (!Cluster.IsOver) Step();
    }

    private void Ask(NodeRequestKind kind, Action<Call> over, byte[]? command = null, string session = "")
    {
        IsWaiting = true;
        var call = new Call(Cluster, Cluster.PickServer(Chance), answered =>
        {
            IsWaiting = false;
            over(answered);
        })
        {
            Kind = kind,
            Command = command,
            SessionId = session,
        };
        call.Start(Patience);
    }
}
