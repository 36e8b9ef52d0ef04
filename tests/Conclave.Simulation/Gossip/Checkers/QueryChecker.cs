using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>A query hears of each member at most once, only of those it asked, nothing after its end, and it ends.</summary>
internal sealed class QueryChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    /// <summary>The query that everybody answers.</summary>
    public const string Roll = "who is there";

    private const string Name = "queries";

    private readonly Dictionary<(GossipProcess Node, int Life, long Query), Asked> _asked = [];

    public override void OnQueryStarted(GossipProcess node, long query, GossipQuery what) => _asked.Add((node, node.Life, query), new Asked(what));

    public override void OnEvent(GossipProcess node, GossipEvent happened)
    {
        if (happened.Kind is not (GossipEventKind.QueryAck or GossipEventKind.QueryResponse or GossipEventKind.QueryDone)) return;
        if (!_asked.TryGetValue((node, node.Life, happened.Query), out var asked)) SimFailureException.Safety(Name, $"{node.Name} hears of query {happened.Query}, which it never made");
        if (asked.IsDone) SimFailureException.Safety(Name, $"{node.Name} hears {happened.Kind} of query {happened.Query} after its end");
        if (happened.Kind == GossipEventKind.QueryDone)
        {
            asked.IsDone = true;
            return;
        }
        if (asked.What.Nodes.Count > 0 && !asked.What.Nodes.Contains(happened.From)) SimFailureException.Safety(Name, $"{happened.From} answers a query that it was not asked");
        var from = happened.Kind == GossipEventKind.QueryAck ? asked.Acks : asked.Responses;
        if (!from.Add(happened.From)) SimFailureException.Safety(Name, $"{node.Name} hears {happened.Kind} of {happened.From} twice");
    }

    public override void OnEnd()
    {
        foreach (var ((node, life, query), asked) in _asked)
            if (node.IsUp && node.Life == life && !asked.IsDone) SimFailureException.Liveness(Name, $"query {query} of {node.Name} has no end");
    }

    /// <summary>Members that answered any of a node's calls of the <see cref="Roll"/>.</summary>
    public int Present(GossipProcess node) =>
        _asked.Where(pair => pair.Key.Node == node && pair.Key.Life == node.Life && pair.Value.What.Name == Roll).SelectMany(pair => pair.Value.Responses).Distinct().Count();

    private sealed class Asked(GossipQuery what)
    {
        public readonly HashSet<string> Acks = [], Responses = [];

        public GossipQuery What { get; } = what;

        public bool IsDone { get; set; }
    }
}
