using Conclave.Core;

namespace Conclave.Gossip.Serf;

/// <summary>A query of ours while it runs. Who is answered for is told once; late answers find it gone.</summary>
/// <param name="context">Where it belongs.</param>
internal abstract class OwnQuery(SerfContext context)
{
    private const int AnswersMin = 64;

    private readonly HashSet<string> _acked = new(StringComparer.Ordinal);
    private readonly HashSet<string> _answered = new(StringComparer.Ordinal);

    public uint Id { get; set; }

    public ulong Time { get; set; }

    /// <summary>Members that there were when it was started.</summary>
    public int Asked { get; set; }

    /// <summary>Deadline among Serf's timers.</summary>
    public DeadlineHandle Timer { get; set; }

    /// <summary>Whether its owner has heard enough: it then ends before its time.</summary>
    public virtual bool IsComplete => false;

    protected SerfContext Context => context;

    public void TakeAck(string from)
    {
        if (TryCount(_acked, from)) OnAck(from);
    }

    public void TakeAnswer(string from, ReadOnlySpan<byte> payload)
    {
        if (TryCount(_answered, from)) OnAnswer(from, payload);
    }

    /// <summary>Its time is over.</summary>
    public abstract void OnDone();

    protected abstract void OnAck(string from);

    protected abstract void OnAnswer(string from, ReadOnlySpan<byte> payload);

    // Answers can be forged under any name; there can hardly be more than twice the members, half of them new.
    private bool TryCount(HashSet<string> seen, string from) => seen.Count < Math.Max(AnswersMin, 2 * Asked) && seen.Add(from);
}

/// <summary>A query of the application: what comes of it becomes events.</summary>
internal sealed class ApplicationQuery(SerfContext context, EventReporter reporter, long number) : OwnQuery(context)
{
    public override void OnDone() => reporter.Query(new GossipEvent { Kind = GossipEventKind.QueryDone, Query = number });

    protected override void OnAck(string from) => reporter.Query(new GossipEvent { Kind = GossipEventKind.QueryAck, Query = number, From = from });

    protected override void OnAnswer(string from, ReadOnlySpan<byte> payload) =>
        reporter.Query(new GossipEvent { Kind = GossipEventKind.QueryResponse, Query = number, From = from, Payload = payload.ToArray() });
}
