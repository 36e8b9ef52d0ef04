using System.Text;
using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Serf;

/// <summary>Queries of ours that run: starts them, matches answers to them, ends them.</summary>
internal sealed class OwnQueries(SerfContext context, SerfBroadcasts broadcasts, Queries queries)
{
    /// <summary>Queries of ours that run at once.</summary>
    public const int OpenMax = 4096;

    private static readonly TimeSpan s_gossipIntervalMin = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_timeoutMax = TimeSpan.FromHours(1);

    // By Lamport time, which no two queries of ours share.
    private readonly Dictionary<ulong, OwnQuery> _open = [];

    /// <summary>Time for a query when none is wished: enough for gossip to reach all members and for them to answer.</summary>
    public TimeSpan DefaultTimeout
    {
        get
        {
            var interval = context.Config.GossipInterval > s_gossipIntervalMin ? context.Config.GossipInterval : s_gossipIntervalMin;
            return interval * (context.Config.QueryTimeoutMult * (int)Math.Ceiling(Math.Log10(context.Swim.AliveCount + 1)));
        }
    }

    /// <summary>Starts a query.</summary>
    /// <param name="what">The question.</param>
    /// <param name="owner">Who hears what comes of it.</param>
    /// <param name="error">Why not, in the words of peers.</param>
    public bool TryStart(GossipQuery what, OwnQuery owner, out string error)
    {
        if (_open.Count >= OpenMax) return Refuse("too many queries are running", out error);
        var timeout = what.Timeout <= TimeSpan.Zero ? DefaultTimeout : what.Timeout < s_timeoutMax ? what.Timeout : s_timeoutMax;
        owner.Id = (uint)context.Random.Next(1L << 31);
        owner.Time = context.QueryClock.Time;
        owner.Asked = context.Swim.AliveCount;
        if (!TryEncode(what, owner, timeout, out var message)) return Refuse($"query exceeds limit of {GossipLimits.QueryBytesMax} bytes", out error);
        _open[owner.Time] = owner;
        owner.Timer = context.Timers.Set(context.Now + timeout, SerfTimerKind.QueryDeadline, (long)owner.Time);
        // We are asked as well, and answer over the network like everybody.
        queries.OnQuery(GossipCodec.Decode<Query>(message.AsSpan(1)));
        broadcasts.PassOn(broadcasts.Queries, message);
        error = "";
        return true;
    }

    /// <summary>Somebody answers, or says that the question has arrived.</summary>
    public void OnResponse(in QueryResponse response)
    {
        if (!_open.TryGetValue(response.LTime, out var query) || query.Id != response.Id)
        {
            context.MessagesDropped++;                          // late, forged, or to a query of an earlier life
            return;
        }
        string from = Encoding.UTF8.GetString(response.From);
        if ((response.Flags & QueryFlags.Ack) != 0) query.TakeAck(from);
        else query.TakeAnswer(from, response.Payload.Span);
        if (query.IsComplete) End(query);
    }

    public void OnDeadline(ulong time)
    {
        if (_open.TryGetValue(time, out var query)) End(query);
    }

    private void End(OwnQuery query)
    {
        context.Timers.Cancel(query.Timer);
        _open.Remove(query.Time);
        query.OnDone();
    }

    private bool TryEncode(GossipQuery what, OwnQuery owner, TimeSpan timeout, out byte[] message)
    {
        message = [];
        try
        {
            using var filters = new EncodedListBuilder<BytesElement>(GossipLimits.QueryBytesMax);
            QueryFilters.Write(what, filters);
            Encode(what, owner, timeout, filters.Count == 0 ? default : filters.List);
        }
        catch (BufferFullException)
        {
            return false;                                       // the filters alone are longer than a query may be
        }
        if (context.Buffer.WrittenCount > GossipLimits.QueryBytesMax) return false;
        message = context.Buffer.ToArray();
        return true;
    }

    private void Encode(GossipQuery what, OwnQuery owner, TimeSpan timeout, EncodedList<BytesElement> filters)
    {
        Span<byte> bytes = stackalloc byte[GossipEndpoint.AddressBytesMax];
        ReadOnlySpan<byte> address = bytes[..context.Config.Advertise.CopyAddress(bytes)];
        context.Buffer.Clear();
        GossipCodec.Encode(context.Buffer, new Query
        {
            LTime = owner.Time,
            Id = owner.Id,
            Addr = address,
            Port = context.Config.Advertise.Port,
            SourceNode = context.Self.Utf8,
            Filters = filters,
            Flags = what.WantAcks ? QueryFlags.Ack : QueryFlags.None,
            RelayFactor = what.RelayFactor,
            TimeoutNanoseconds = timeout.Ticks * 100,
            Name = Encoding.UTF8.GetBytes(what.Name),
            Payload = what.Payload.Span,
        });
    }

    private static bool Refuse(string reason, out string error)
    {
        error = reason;
        return false;
    }
}
