using System.Text;
using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Serf;

/// <summary>Queries of others: each is passed on, acknowledged and told once, and can be answered once until its deadline.</summary>
internal sealed class Queries(SerfContext context, EventReporter reporter, MemberBook book, Answers answers)
{
    /// <summary>Names that begin so belong to Serf itself.</summary>
    public const string InternalPrefix = "_serf_";

    /// <summary>Queries that wait for an answer of ours at once; further ones are passed on, but not told.</summary>
    public const int OpenMax = 4096;

    private static readonly TimeSpan s_timeMax = TimeSpan.FromMinutes(10);

    private readonly Dictionary<long, (AnswerAddress Address, DeadlineHandle Timer)> _open = [];
    private long _lastNumber;

    public QueryRing Ring { get; } = new(context.Config.EventBuffer);

    /// <summary>Answers to queries whose name begins with <see cref="InternalPrefix"/>.</summary>
    public required InternalQueries Internal { get; init; }

    /// <summary>A query arrived, or is our own. Returns whether it is to be passed on.</summary>
    public bool OnQuery(in Query query)
    {
        if (!context.QueryClock.Witness(query.LTime))
        {
            context.MessagesDropped++;
            return false;
        }
        if (Ring.Add(query.LTime, context.QueryClock.Time, query.Id) != RingOutcome.New) return false;
        bool passOn = (query.Flags & QueryFlags.NoBroadcast) == 0;
        reporter.QuerySeen(query.LTime);
        if (!QueryFilters.Pass(query.Filters, context.Self.Utf8, context.Tags)) return passOn;
        if (!SerfAddress.TryRead(query.Addr.Span, query.Port, out var to) || !book.IsAddressOfMember(to, query.SourceNode))
        {
            context.MessagesDropped++;
            return passOn;
        }
        Take(query, to);
        return passOn;
    }

    /// <summary>Answers a query that was told.</summary>
    public bool TryRespond(long number, ReadOnlySpan<byte> payload, out string error)
    {
        if (!_open.TryGetValue(number, out var open))
        {
            error = number > 0 && number <= _lastNumber ? "response is past the deadline or already sent" : "no such query";
            return false;
        }
        if (!answers.TrySend(open.Address, QueryFlags.None, payload))
        {
            error = $"query response exceeds limit of {GossipLimits.QueryBytesMax} bytes";
            return false;
        }
        context.Timers.Cancel(open.Timer);
        _open.Remove(number);
        error = "";
        return true;
    }

    public void OnDeadline(long number) => _open.Remove(number);

    private void Take(in Query query, GossipEndpoint to)
    {
        var address = new AnswerAddress(query.LTime, query.Id, to, Encoding.UTF8.GetString(query.SourceNode), query.RelayFactor, context.Now + TimeoutOf(query));
        if ((query.Flags & QueryFlags.Ack) != 0) answers.TrySend(address, QueryFlags.Ack, default);
        string name = Encoding.UTF8.GetString(query.Name);
        if (name.StartsWith(InternalPrefix, StringComparison.Ordinal)) Internal.Answer(name, address, query.Payload.Span);
        else Tell(name, address, query.Payload.Span);
    }

    private void Tell(string name, in AnswerAddress address, ReadOnlySpan<byte> payload)
    {
        if (_open.Count >= OpenMax)
        {
            context.MessagesDropped++;
            return;
        }
        long number = ++_lastNumber;
        _open[number] = (address, context.Timers.Set(address.Deadline, SerfTimerKind.AnswerDeadline, number));
        reporter.Query(new GossipEvent
        {
            Kind = GossipEventKind.Query,
            Name = name,
            Payload = payload.ToArray(),
            LamportTime = address.Time,
            Query = number,
            From = address.Name,
        });
    }

    private static TimeSpan TimeoutOf(in Query query)
    {
        var asked = new TimeSpan(Math.Max(0, query.TimeoutNanoseconds) / 100);
        return asked < s_timeMax ? asked : s_timeMax;
    }
}
