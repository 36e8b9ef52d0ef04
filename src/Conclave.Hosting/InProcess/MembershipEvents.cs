using System.Collections.Immutable;
using System.Threading.Channels;
using Conclave.Gossip;
using Conclave.Hosting.Gossip;

namespace Conclave.Hosting;

/// <summary>Hands a pool's events to those who read them. Everybody has a bounded queue of his own; the pool waits for nobody.</summary>
internal sealed class MembershipEvents : IGossipListener
{
    private readonly Lock _gate = new();                                // guards the changes of both; the loop reads without it
    private volatile ImmutableList<Reader> _readers = [];
    private volatile ImmutableDictionary<long, Reader> _queries = ImmutableDictionary<long, Reader>.Empty;
    private long _lastQuery;
    private volatile bool _isClosed;

    /// <inheritdoc/>
    public void OnMembersChanged()
    {
        // Whoever reads events learns of each change by its own event.
    }

    /// <inheritdoc/>
    public void OnEvent(GossipEvent happened)
    {
        if (happened.Kind is GossipEventKind.QueryAck or GossipEventKind.QueryResponse or GossipEventKind.QueryDone)
        {
            if (!_queries.TryGetValue(happened.Query, out var asker)) return;
            asker.Tell(happened);
            if (happened.Kind == GossipEventKind.QueryDone) asker.Complete();
            return;
        }
        foreach (var reader in _readers) reader.Tell(happened);
    }

    /// <summary>A reader of all events from now on.</summary>
    public Reader Subscribe(int capacity)
    {
        var reader = new Reader(capacity);
        lock (_gate) _readers = _readers.Add(reader);
        if (_isClosed) reader.Complete();
        return reader;
    }

    /// <summary>The reader has enough.</summary>
    public void Unsubscribe(Reader reader)
    {
        lock (_gate) _readers = _readers.Remove(reader);
    }

    /// <summary>A reader of what comes of one query, whose number is given.</summary>
    public Reader Expect(int capacity, out long query)
    {
        var reader = new Reader(capacity);
        lock (_gate)
        {
            query = ++_lastQuery;
            _queries = _queries.Add(query, reader);
        }
        if (_isClosed) reader.Complete();
        return reader;
    }

    /// <summary>Nobody waits for the query's answers any more.</summary>
    public void Forget(long query)
    {
        lock (_gate) _queries = _queries.Remove(query);
    }

    /// <summary>Nothing happens any more: all readers come to their end.</summary>
    public void Close()
    {
        _isClosed = true;
        foreach (var reader in _readers) reader.Complete();
        foreach (var asker in _queries.Values) asker.Complete();
    }

    /// <summary>One reader's queue. At its bound the newest events are dropped and counted: what is in the queue stays in order.</summary>
    internal sealed class Reader(int capacity)
    {
        private readonly Channel<MembershipNotice> _channel = Channel.CreateBounded<MembershipNotice>(new BoundedChannelOptions(capacity) { SingleReader = true });
        private long _missed;                                           // the loop's

        public ChannelReader<MembershipNotice> Notices => _channel.Reader;

        public void Tell(GossipEvent happened)
        {
            if (_channel.Writer.TryWrite(new MembershipNotice(happened, _missed))) _missed = 0;
            else _missed++;
        }

        public void Complete() => _channel.Writer.TryComplete();
    }
}
