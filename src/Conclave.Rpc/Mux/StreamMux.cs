using Conclave.Core;

namespace Conclave.Rpc.Mux;

/// <summary>
/// Many streams over one connection, with credit for each, so that one that nobody reads does not stop the others. No I/O: bytes of the connection come in through
/// <see cref="OnBytes"/>, bytes for it are taken with <see cref="Fill"/>, time through <see cref="OnTick"/>. Not thread-safe: it belongs to whoever runs the connection.
/// </summary>
/// <remarks>
/// Memory is bounded by <see cref="MuxLimits"/> and, for what arrives, by a window for each stream. After <see cref="IsOver"/> the host takes what is left with
/// <see cref="Fill"/> (it tells the other side why) and closes the connection.
/// </remarks>
public sealed partial class StreamMux : IDisposable
{
    private readonly MuxRole _role;
    private readonly MuxLimits _limits;
    private readonly IMuxOwner _owner;
    private readonly Dictionary<uint, MuxStream> _streams = [];

    // Streams with something to send, each at most once (IsQueued), served in turn.
    private readonly Queue<MuxStream> _ready = new();
    private readonly DeadlineHeap<MuxStream> _deadlines = new();
    private uint _nextId;
    private Instant _now;

    /// <summary>Starts a connection on which nothing was sent yet.</summary>
    /// <param name="role">Which end this is.</param>
    /// <param name="limits">Bounds and times.</param>
    /// <param name="owner">Told what happens.</param>
    /// <param name="now">Monotonic time.</param>
    public StreamMux(MuxRole role, MuxLimits limits, IMuxOwner owner, Instant now)
    {
        (_role, _limits, _owner, _now) = (role, limits, owner, now);
        _nextId = role == MuxRole.Client ? 1u : 2u;
        _nextPing = now + limits.PingInterval;
    }

    /// <summary>Streams that are open.</summary>
    public int StreamCount => _streams.Count;

    /// <summary>Bytes of all streams that wait to be sent.</summary>
    public long UnsentBytes { get; private set; }

    /// <summary>Why the connection must be closed, or null while it is well. Empty when it is over as a matter of course.</summary>
    public string? Failure { get; private set; }

    /// <summary>Nothing more will come of this connection: send what <see cref="Fill"/> still gives and close it.</summary>
    public bool IsOver => Failure is not null;

    /// <summary>The other side takes no new streams.</summary>
    public bool IsPeerGoingAway { get; private set; }

    /// <summary>When <see cref="OnTick"/> must be called at the latest.</summary>
    public Instant NextWake
    {
        get
        {
            if (IsOver) return Instant.Never;
            var ping = NextPing;
            return ping < _deadlines.Next ? ping : _deadlines.Next;
        }
    }

    /// <summary>Opens a stream; false when there are too many, the other side takes no more, or the numbers are used up. What is sent leaves without waiting for the other side's word.</summary>
    public bool TryOpen(out MuxStream stream)
    {
        stream = null!;
        if (IsOver || IsPeerGoingAway || _streams.Count >= _limits.StreamsMax || _nextId > int.MaxValue) return false;
        stream = new MuxStream(_nextId) { Flags = MuxFlags.Syn };
        _nextId += 2;
        _streams.Add(stream.Id, stream);
        SetDeadline(stream, _now + _limits.OpenTimeout);
        Queue(stream);
        return true;
    }

    /// <summary>Finds an open stream by its number.</summary>
    public bool TryFind(uint id, out MuxStream stream) => _streams.TryGetValue(id, out stream!);

    /// <summary>
    /// Sends a message on a stream; the buffer belongs to the mux from now on. False, and the buffer still the caller's, when the stream has ended or too much is
    /// unsent already.
    /// </summary>
    public bool TrySend(MuxStream stream, PooledBuffer message)
    {
        if (!stream.IsOpen || stream.IsFinishing) return false;
        long bytes = message.WrittenCount;
        if (stream.UnsentBytes > 0 && stream.UnsentBytes + bytes > _limits.UnsentBytesPerStreamMax) return false;
        if (UnsentBytes > 0 && UnsentBytes + bytes > _limits.UnsentBytesMax) return false;
        if (bytes == 0)
        {
            message.Dispose();
            return true;
        }
        stream.Enqueue(message);
        UnsentBytes += bytes;
        Queue(stream);
        Expect();
        return true;
    }

    /// <summary>Gives back credit for bytes that were dealt with.</summary>
    public void Grant(MuxStream stream, int bytes)
    {
        Invariant.Require(bytes >= 0 && stream.ReceiveWindow + stream.Granted + (uint)bytes <= MuxHeader.WindowBytes, "no more credit than was used");
        stream.Granted += (uint)bytes;
        if (stream.IsOpen && !stream.IsFinishedByPeer) Queue(stream);
    }

    /// <summary>Ends this side's direction, behind what is unsent. Repeating it does nothing.</summary>
    public void Finish(MuxStream stream)
    {
        if (!stream.IsOpen || stream.IsFinishing) return;
        stream.IsFinishing = true;
        Queue(stream);
    }

    /// <summary>Ends a stream at once, in both directions. Repeating it does nothing.</summary>
    public void Reset(MuxStream stream)
    {
        if (!stream.IsOpen) return;
        bool isKnownToPeer = (stream.Flags & MuxFlags.Syn) == 0;
        Remove(stream);
        if (isKnownToPeer) QueueReset(stream.Id);
    }

    /// <summary>Tells the other side to open no more streams; those that are open go on.</summary>
    public void GoAway() => _goAway ??= MuxGoAway.Normal;

    /// <summary>Does what is due.</summary>
    public void OnTick(Instant now)
    {
        _now = now;
        if (IsOver) return;
        TickPing(now);
        while (!IsOver && _deadlines.TryPopDue(now, out var stream)) OnOverdue(stream);
    }

    /// <summary>The connection broke or is being closed: every stream ends.</summary>
    /// <param name="reason">Why; empty as a matter of course.</param>
    public void Close(string reason)
    {
        if (IsOver) return;
        Failure = reason;
        foreach (var stream in _streams.Values)
        {
            Forget(stream);
            _owner.OnEnded(stream, MuxStreamEnd.ConnectionOver);
        }
        _streams.Clear();
        _ready.Clear();
        UnsentBytes = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Close("");

    private void OnOverdue(MuxStream stream)
    {
        stream.HasDeadline = false;
        if (!stream.IsAcknowledged)
        {
            Close("the other side did not accept a stream in time");
            return;
        }
        Reset(stream);
        _owner.OnEnded(stream, MuxStreamEnd.TimedOut);
    }

    private void Queue(MuxStream stream)
    {
        if (stream.IsQueued || !stream.HasWork) return;
        stream.IsQueued = true;
        _ready.Enqueue(stream);
    }

    private void SetDeadline(MuxStream stream, Instant deadline)
    {
        ClearDeadline(stream);
        stream.Deadline = _deadlines.Add(deadline, stream);
        stream.HasDeadline = true;
    }

    private void ClearDeadline(MuxStream stream)
    {
        if (!stream.HasDeadline) return;
        _deadlines.Remove(stream.Deadline);
        stream.HasDeadline = false;
    }

    private void Remove(MuxStream stream)
    {
        _streams.Remove(stream.Id);
        Forget(stream);
    }

    private void Forget(MuxStream stream)
    {
        ClearDeadline(stream);
        UnsentBytes -= stream.UnsentBytes;
        stream.DropUnsent();
        stream.IsOpen = false;
    }

    // Both directions are over.
    private void EndIfFinished(MuxStream stream)
    {
        if (!stream.IsOpen || !stream.IsFinSent || !stream.IsFinishedByPeer) return;
        Remove(stream);
        _owner.OnEnded(stream, MuxStreamEnd.Finished);
    }
}
