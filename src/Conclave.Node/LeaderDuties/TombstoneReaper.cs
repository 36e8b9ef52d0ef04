using Conclave.Core;

namespace Conclave.Node.LeaderDuties;

/// <summary>Decides when the tombstones of deleted keys go: all deletes of one bin of wall time share one log entry.</summary>
internal sealed class TombstoneReaper(TimeSpan ttl, TimeSpan granularity)
{
    private readonly Queue<Bin> _bins = new();
    private Bin? _newest;

    /// <summary>When the oldest bin is due.</summary>
    public Instant NextDeadline => _bins.TryPeek(out var bin) ? bin.Due : Instant.Never;

    /// <summary>Notes that the entry at <paramref name="index"/> may have left a tombstone.</summary>
    public void Note(ulong index, Instant now, WallTime wall)
    {
        var due = now + TimeUntilBinEnds(wall);
        if (_newest is { } newest && due <= newest.Due + granularity / 2)
        {
            newest.Index = index;                                      // same bin; half a step of slack hides the clocks' drift
            return;
        }
        _newest = new Bin { Due = due, Index = index };
        _bins.Enqueue(_newest);
    }

    /// <summary>The index up to which tombstones are due now; 0 when none are.</summary>
    public ulong TakeDue(Instant now)
    {
        ulong index = 0;
        while (_bins.TryPeek(out var bin) && bin.Due <= now)
        {
            index = bin.Index;
            _bins.Dequeue();
            if (ReferenceEquals(bin, _newest)) _newest = null;
        }
        return index;
    }

    public void Clear()
    {
        _bins.Clear();
        _newest = null;
    }

    private TimeSpan TimeUntilBinEnds(WallTime wall)
    {
        long step = granularity.Ticks * 100;
        long past = wall.UnixNanoseconds % step;
        return ttl + (past == 0 ? TimeSpan.Zero : new TimeSpan((step - past) / 100));
    }

    private sealed class Bin
    {
        public Instant Due { get; init; }
        public ulong Index { get; set; }
    }
}
