using Conclave.Core;

namespace Conclave.Rpc.Mux;

/// <summary>One stream of a <see cref="StreamMux"/>, which alone changes it.</summary>
public sealed class MuxStream
{
    // Whole messages that are not or not completely sent; the first _sentOfFirst bytes of the first are gone. Owned: disposed of when sent.
    private readonly Queue<PooledBuffer> _unsent = new();
    private int _sentOfFirst;

    internal MuxStream(uint id) => Id = id;

    /// <summary>Its number on the connection.</summary>
    public uint Id { get; }

    /// <summary>Whatever the owner keeps with it.</summary>
    public object? Tag { get; set; }

    /// <summary>True until it has ended in whatever way.</summary>
    public bool IsOpen { get; internal set; } = true;

    /// <summary>The other side sends no more.</summary>
    public bool IsFinishedByPeer { get; internal set; }

    /// <summary>Bytes that wait to be sent.</summary>
    public long UnsentBytes { get; private set; }

    /// <summary>Bytes that were taken to be sent.</summary>
    public long SentBytes { get; private set; }

    // What the peer may still send, and what it sent that was given back as credit but not told yet.
    internal uint ReceiveWindow = MuxHeader.WindowBytes, Granted;

    // What may still be sent. Grants may add up beyond a window when the peer's is larger than ours.
    internal long SendWindow = MuxHeader.WindowBytes;

    // Flags of the next frame; a frame without payload goes if no data does.
    internal MuxFlags Flags;
    internal bool IsQueued, IsAcknowledged, IsFinishing, IsFinSent;
    internal DeadlineHandle Deadline;
    internal bool HasDeadline;

    internal bool HasControl => Flags != MuxFlags.None || Granted >= MuxHeader.WindowBytes / 2;

    internal bool CanSendData => UnsentBytes > 0 && SendWindow > 0;

    internal bool CanSendFin => IsFinishing && !IsFinSent && UnsentBytes == 0;

    internal bool HasWork => HasControl || CanSendData || CanSendFin;

    internal void Enqueue(PooledBuffer message)
    {
        UnsentBytes += message.WrittenCount;
        _unsent.Enqueue(message);
    }

    /// <summary>Copies unsent bytes until <paramref name="into"/> is full; there are enough.</summary>
    internal void TakeUnsent(Span<byte> into)
    {
        UnsentBytes -= into.Length;
        SentBytes += into.Length;
        while (!into.IsEmpty)
        {
            var first = _unsent.Peek();
            var rest = first.WrittenSpan[_sentOfFirst..];
            int taken = Math.Min(rest.Length, into.Length);
            rest[..taken].CopyTo(into);
            into = into[taken..];
            _sentOfFirst += taken;
            if (_sentOfFirst < first.WrittenCount) continue;
            _unsent.Dequeue().Dispose();
            _sentOfFirst = 0;
        }
    }

    internal void DropUnsent()
    {
        while (_unsent.TryDequeue(out var message)) message.Dispose();
        UnsentBytes = 0;
        _sentOfFirst = 0;
    }
}
