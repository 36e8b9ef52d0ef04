using System.Buffers;
using Conclave.Core;

namespace Conclave.Rpc.Mux;

public sealed partial class StreamMux
{
    private readonly Queue<uint> _pongs = new();
    private readonly Queue<uint> _resets = new();
    private MuxGoAway? _goAway;
    private bool _isGoAwaySent;

    /// <summary>Whether <see cref="Fill"/> would give bytes.</summary>
    public bool HasOutput => _ready.Count > 0 || _pongs.Count > 0 || _resets.Count > 0 || (_isPingUnsent && !IsOver) || (_goAway is not null && !_isGoAwaySent);

    /// <summary>
    /// Writes what is to be sent, streams in turn, until there is nothing more or at least <paramref name="bytesWanted"/> were written (a frame is never cut, so it may
    /// be up to <see cref="MuxLimits.FrameBytesMax"/> more). The bytes must go out in this order.
    /// </summary>
    public void Fill(IBufferWriter<byte> output, int bytesWanted)
    {
        int written = FillConnection(output, bytesWanted);
        while (written < bytesWanted && _ready.TryDequeue(out var stream))
        {
            stream.IsQueued = false;
            if (!stream.IsOpen) continue;
            written += FillStream(output, stream);
            Queue(stream);
            EndIfFinished(stream);
        }
    }

    private int FillConnection(IBufferWriter<byte> output, int bytesWanted)
    {
        int written = 0;
        if (_goAway is { } reason && !_isGoAwaySent)
        {
            _isGoAwaySent = true;
            written += Write(output, new(MuxFrameType.GoAway, MuxFlags.None, 0, (uint)reason));
        }
        if (_isPingUnsent && !IsOver)
        {
            _isPingUnsent = false;
            written += Write(output, new(MuxFrameType.Ping, MuxFlags.Syn, 0, _pingCounter));
        }
        while (written < bytesWanted && _pongs.TryDequeue(out uint counter)) written += Write(output, new(MuxFrameType.Ping, MuxFlags.Ack, 0, counter));
        while (written < bytesWanted && _resets.TryDequeue(out uint stream)) written += Write(output, new(MuxFrameType.WindowUpdate, MuxFlags.Rst, stream, 0));
        return written;
    }

    // Credit and flags first, on a frame of their own as peers do it, then one frame of data, then the end.
    private int FillStream(IBufferWriter<byte> output, MuxStream stream)
    {
        int written = 0;
        if (stream.HasControl)
        {
            written += Write(output, new(MuxFrameType.WindowUpdate, stream.Flags, stream.Id, stream.Granted));
            stream.ReceiveWindow += stream.Granted;
            stream.Granted = 0;
            stream.Flags = MuxFlags.None;
        }
        if (stream.CanSendData) written += WriteData(output, stream);
        if (!stream.CanSendFin) return written;

        stream.IsFinSent = true;
        if (stream.IsAcknowledged && !stream.IsFinishedByPeer) SetDeadline(stream, _now + _limits.HalfClosedTimeout);
        return written + Write(output, new(MuxFrameType.WindowUpdate, MuxFlags.Fin, stream.Id, 0));
    }

    private int WriteData(IBufferWriter<byte> output, MuxStream stream)
    {
        int bytes = (int)Math.Min(Math.Min(stream.UnsentBytes, stream.SendWindow), _limits.FrameBytesMax);
        var frame = output.GetSpan(MuxHeader.Size + bytes)[..(MuxHeader.Size + bytes)];
        new MuxHeader(MuxFrameType.Data, MuxFlags.None, stream.Id, (uint)bytes).CopyTo(frame);
        stream.TakeUnsent(frame[MuxHeader.Size..]);
        output.Advance(frame.Length);
        stream.SendWindow -= bytes;
        UnsentBytes -= bytes;
        return frame.Length;
    }

    private void QueueReset(uint stream)
    {
        if (_resets.Count >= _limits.UnsentResetsMax)
        {
            Break("more streams are refused than the other side hears of");
            return;
        }
        _resets.Enqueue(stream);
    }

    private static int Write(IBufferWriter<byte> output, in MuxHeader header)
    {
        header.CopyTo(output.GetSpan(MuxHeader.Size));
        output.Advance(MuxHeader.Size);
        return MuxHeader.Size;
    }
}
