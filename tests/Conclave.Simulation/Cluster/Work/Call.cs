using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Simulation.Cluster;

/// <summary>What a client knows of a call when it is over.</summary>
internal enum Outcome : byte
{
    /// <summary>The answer is there.</summary>
    Answered,
    /// <summary>It was not carried out and never will be.</summary>
    Refused,
    /// <summary>Nobody can say.</summary>
    Unknown,
}

/// <summary>A request of a client to one server, over a connection that may break. Over exactly once, whatever happens.</summary>
internal sealed class Call(SimCluster cluster, SimServer server, Action<Call> over) : NodeRequest
{
    private readonly long _life = server.Life;
    private bool _isOver, _isAnswered;

    /// <summary>The command as it was sent.</summary>
    public ReadOnlyMemory<byte> Sent { get; private set; }

    public SimServer Server => server;

    public Outcome Outcome { get; private set; }

    /// <summary>The state that the server showed when it answered.</summary>
    public StateRoot? Root { get; private set; }

    /// <summary>What the server had applied, and which life it lived, when the request came.</summary>
    public (ulong Applied, ulong SnapshotBase, long Life) AtArrival { get; private set; }

    public string ErrorText => Result.Kind == ApplyResultKind.Error ? Result.Text : "";

    /// <summary>Sends it; gives up waiting after <paramref name="patience"/>.</summary>
    public void Start(TimeSpan patience)
    {
        Sent = Command;
        cluster.World.After(cluster.ClientDelay(), () => Arrive());
        cluster.World.After(patience, () => End(Outcome.Unknown));
    }

    /// <summary>The server is gone, and the connection with it.</summary>
    public void OnServerGone() => cluster.World.After(cluster.ClientDelay(), () => End(Outcome.Unknown));

    /// <summary>The node has finished with it.</summary>
    public override void Complete()
    {
        if (_isAnswered) SimFailureException.Safety("requests are completed once", $"{server.Identity.NodeName} has completed a request twice");
        _isAnswered = true;
        Root = server.Root;
        cluster.OnCompleted(this);
        cluster.World.After(cluster.ClientDelay(), () => End(OutcomeOf()));
    }

    private void Arrive(bool again = false)
    {
        if (_isOver) return;
        if (!server.IsUp || server.Life != _life)
        {
            End(Outcome.Refused);
            return;
        }
        AtArrival = (server.Root.LastIndex, server.SnapshotBase, server.Life);
        cluster.OpenCalls.Add(this);
        server.Submit(this);
        if (cluster.Flaws.Kind == FlawKind.SendsWritesTwice && !again && Kind == NodeRequestKind.Apply) SendAgain();
        if (cluster.Flaws.Kind == FlawKind.AnswersBeforeCommit && Kind == NodeRequestKind.Apply && server.Status.IsLeader) End(Outcome.Answered);
    }

    private void SendAgain()
    {
        var copy = new Call(cluster, cluster.PickServer(cluster.World.Stream("again")), _ => { }) { Kind = Kind, Command = Sent, Sent = Sent };
        cluster.World.After(TimeSpan.FromMilliseconds(500), () => copy.Arrive(again: true));
    }

    // A write that the leader had in its log when it was deposed may or may not happen.
    private Outcome OutcomeOf()
    {
        if (Result.Kind != ApplyResultKind.Error || Result.Index > 0) return Outcome.Answered;
        bool unknown = Result.Text.EndsWith(ErrorTexts.LeadershipLost, StringComparison.Ordinal) || Result.Text.EndsWith(ErrorTexts.ShuttingDown, StringComparison.Ordinal);
        return unknown ? Outcome.Unknown : Outcome.Refused;
    }

    private void End(Outcome outcome)
    {
        if (_isOver) return;
        _isOver = true;
        Outcome = outcome;
        if (outcome == Outcome.Answered) cluster.OnHeard(this);
        cluster.OpenCalls.Remove(this);
        over(this);
    }
}
