using Conclave.Core;
using Conclave.Gossip.Serf;

namespace Conclave.Gossip.Files;

/// <summary>
/// Keeps the snapshot file: appends a line for what changes, and replaces the file by a short form when it has grown, or when writing has failed. Lines are
/// collected and written together at most half a second later; a leave is written and flushed at once.
/// </summary>
internal sealed class SnapshotKeeper : IDisposable
{
    private const int CompactBytesMin = 128 * 1024, CompactBytesPerMember = 2 * 128;

    private static readonly TimeSpan s_flushInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_repairInterval = TimeSpan.FromSeconds(30);

    private readonly SerfContext _context;
    private readonly PooledBuffer _lines = new();

    // Remembered from the last life and neither seen nor lost since: kept, so that a restart in a bad hour forgets nobody.
    private readonly SortedDictionary<string, System.Net.IPEndPoint> _unseen = new(StringComparer.Ordinal);

    private MemberBook? _book;
    private long _fileBytes;
    private ulong _clock, _eventClock, _queryClock;
    private bool _isFlushSet;
    private bool _hasLeft;
    private bool _isBroken;
    private Instant _repairedAt;

    public SnapshotKeeper(SerfContext context, SerfSnapshot? remembered)
    {
        _context = context;
        _repairedAt = context.Now - s_repairInterval;
        if (remembered is null) return;
        foreach (var (name, address) in remembered.Alive) _unseen[name] = address;
        (_clock, _eventClock, _queryClock) = (remembered.Clock, remembered.EventClock, remembered.QueryClock);
    }

    /// <summary>Begins: the file is replaced by its short form, so that its size is known from here on.</summary>
    public void Start(MemberBook book)
    {
        _book = book;
        Compact();
    }

    public void OnMember(GossipEventKind kind, GossipMember member)
    {
        _unseen.Remove(member.Name);
        if (_hasLeft) return;
        if (kind == GossipEventKind.Joined) SerfSnapshotLines.TryWriteAlive(_lines, member.Name, member.Endpoint.ToIPEndPoint());
        else if (kind is GossipEventKind.Left or GossipEventKind.Failed) SerfSnapshotLines.TryWriteNotAlive(_lines, member.Name);
        else return;
        WriteClock();
        SetFlush();
    }

    public void OnUserEvent(ulong time)
    {
        if (_hasLeft || time <= _eventClock) return;
        _eventClock = time;
        SerfSnapshotLines.WriteEventClock(_lines, time);
        SetFlush();
    }

    public void OnQuery(ulong time)
    {
        if (_hasLeft || time <= _queryClock) return;
        _queryClock = time;
        SerfSnapshotLines.WriteQueryClock(_lines, time);
        SetFlush();
    }

    /// <summary>We leave gracefully: after this, nothing but the clock is recorded.</summary>
    public void OnLeave()
    {
        SerfSnapshotLines.WriteLeave(_lines);
        _hasLeft = true;
        if (!_context.Config.RejoinAfterLeave) _unseen.Clear();
        Store(GossipFileWork.AppendSnapshotAndFlush);
    }

    /// <summary>End of a turn: a clock that went on is written with the next lines.</summary>
    public void OnTurn()
    {
        if (_context.MemberClock.Time - 1 != _clock) SetFlush();
    }

    /// <summary>The lines' time is over.</summary>
    public void OnFlushDue()
    {
        _isFlushSet = false;
        WriteClock();
        Flush(GossipFileWork.AppendSnapshot);
    }

    /// <summary>The process ends: everything is written and flushed.</summary>
    public void OnStop()
    {
        WriteClock();
        Flush(GossipFileWork.AppendSnapshotAndFlush);
    }

    /// <summary>Writing failed: the file may end in the middle of a line, so only a new one helps, which is tried now and then.</summary>
    public void OnFailed(string error)
    {
        _context.Log(GossipLogLevel.Error, $"Failed to update snapshot: {error}");
        _isBroken = true;
        TryRepair();
    }

    public void Dispose() => _lines.Dispose();

    private void Flush(GossipFileWork work)
    {
        if (_isBroken)
        {
            TryRepair();
            if (_isBroken) _lines.Clear();                      // the short form, once it can be written, has all of it
            return;
        }
        if (_lines.WrittenCount > 0) Store(work);
        if (_fileBytes > Math.Max(CompactBytesMin, CompactBytesPerMember * _book!.AliveCount)) Compact();
    }

    private void TryRepair()
    {
        if (_context.Now - _repairedAt < s_repairInterval) return;
        _repairedAt = _context.Now;
        _context.Log(GossipLogLevel.Info, "Attempting compaction to recover from error...");
        _isBroken = false;
        Compact();
    }

    private void Store(GossipFileWork work)
    {
        _fileBytes += _lines.WrittenCount;
        _context.Outbox.Store(new GossipFile(work, _lines.ToArray()));
        _lines.Clear();
    }

    private void Compact()
    {
        using var text = new PooledBuffer();
        if (!_hasLeft || _context.Config.RejoinAfterLeave) WriteMembers(text);
        _clock = _context.MemberClock.Time - 1;
        SerfSnapshotLines.WriteClock(text, _clock);
        SerfSnapshotLines.WriteEventClock(text, _eventClock);
        SerfSnapshotLines.WriteQueryClock(text, _queryClock);
        _fileBytes = text.WrittenCount;
        _lines.Clear();
        _context.Outbox.Store(new GossipFile(GossipFileWork.ReplaceSnapshot, text.ToArray()));
    }

    private void WriteMembers(PooledBuffer text)
    {
        foreach (var (name, address) in _unseen) SerfSnapshotLines.TryWriteAlive(text, name, address);
        foreach (var record in _book!.Sorted())
            if (!record.IsGone) SerfSnapshotLines.TryWriteAlive(text, record.Name, record.Endpoint.ToIPEndPoint());
    }

    private void WriteClock()
    {
        ulong seen = _context.MemberClock.Time - 1;
        if (seen == _clock) return;
        _clock = seen;
        SerfSnapshotLines.WriteClock(_lines, seen);
    }

    private void SetFlush()
    {
        if (_isFlushSet) return;
        _isFlushSet = true;
        _context.Timers.Set(_context.Now + s_flushInterval, SerfTimerKind.SnapshotFlush);
    }
}
