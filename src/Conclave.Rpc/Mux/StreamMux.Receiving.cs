using Conclave.Core;

namespace Conclave.Rpc.Mux;

public sealed partial class StreamMux
{
    // Grants beyond this cannot be meant: peers' windows are some hundred KiB.
    private const long SendWindowMax = 1L << 32;

    private readonly byte[] _header = new byte[MuxHeader.Size];
    private int _headerBytes;

    // The data frame under way: what is left of it, whose it is (null: nobody's any more) and its flags.
    private int _payloadLeft;
    private MuxStream? _payloadOf;
    private MuxFlags _payloadFlags;

    /// <summary>Takes bytes of the connection, in any pieces. Afterwards <see cref="IsOver"/> may be true.</summary>
    public void OnBytes(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty) OnWord();
        try
        {
            while (!bytes.IsEmpty && !IsOver)
                if (_payloadLeft > 0) TakePayload(ref bytes);
                else TakeHeader(ref bytes);
        }
        catch (RpcFormatException malformed)
        {
            Break(malformed.Message);
        }
    }

    private void TakeHeader(ref ReadOnlySpan<byte> bytes)
    {
        int taken = Math.Min(MuxHeader.Size - _headerBytes, bytes.Length);
        bytes[..taken].CopyTo(_header.AsSpan(_headerBytes));
        bytes = bytes[taken..];
        _headerBytes += taken;
        if (!MuxHeader.TryRead(_header.AsSpan(0, _headerBytes), out var header)) return;
        _headerBytes = 0;
        switch (header.Type)
        {
            case MuxFrameType.Ping: OnPing(header); break;
            case MuxFrameType.GoAway: OnGoAway((MuxGoAway)header.Length); break;
            default: OnStreamFrame(header); break;
        }
    }

    private void OnStreamFrame(in MuxHeader header)
    {
        if ((header.Flags & MuxFlags.Syn) != 0) Accept(header);
        // A stream that has ended here may be spoken of for a while: the other side did not know.
        if (_streams.TryGetValue(header.Stream, out var stream) && (header.Flags & MuxFlags.Ack) != 0) OnAccepted(stream);
        if (header.Type == MuxFrameType.WindowUpdate)
        {
            if (stream is not null) Widen(stream, header.Length);
            OnEndFlags(stream, header.Flags);
            return;
        }
        if (stream is not null) Narrow(stream, header.Length);
        (_payloadLeft, _payloadOf, _payloadFlags) = (header.PayloadBytes, stream, header.Flags);
        if (_payloadLeft == 0) EndPayload();
    }

    private void Accept(in MuxHeader header)
    {
        bool isTheirs = (header.Stream & 1) == (_role == MuxRole.Server ? 1 : 0);
        if (!isTheirs) throw new RpcFormatException($"stream {header.Stream} is not the other side's to open");
        if (_streams.ContainsKey(header.Stream)) throw new RpcFormatException($"stream {header.Stream} was opened twice");
        if (!_limits.AcceptsStreams || _goAway is not null || _streams.Count >= _limits.StreamsMax)
        {
            QueueReset(header.Stream);
            return;
        }
        var stream = new MuxStream(header.Stream) { Flags = MuxFlags.Ack, IsAcknowledged = true };
        _streams.Add(stream.Id, stream);
        Queue(stream);
        _owner.OnOpened(stream);
    }

    private void OnAccepted(MuxStream stream)
    {
        if (stream.IsAcknowledged) return;
        stream.IsAcknowledged = true;
        ClearDeadline(stream);
        if (stream.IsFinSent && !stream.IsFinishedByPeer) SetDeadline(stream, _now + _limits.HalfClosedTimeout);
    }

    private void Widen(MuxStream stream, uint bytes)
    {
        stream.SendWindow += bytes;
        if (stream.IsFinishedByPeer) LimitHalfClosed(stream);          // it has said all, but still reads
        if (stream.SendWindow > SendWindowMax) throw new RpcFormatException($"more credit on stream {stream.Id} than can be meant");
        Queue(stream);
    }

    // From when the other side has said all, or has read something since: what it does not read is not kept for ever.
    private void LimitHalfClosed(MuxStream stream)
    {
        if (stream.IsOpen && stream.IsAcknowledged) SetDeadline(stream, _now + _limits.HalfClosedTimeout);
    }

    private static void Narrow(MuxStream stream, uint bytes)
    {
        if (bytes > stream.ReceiveWindow) throw new RpcFormatException($"{bytes} bytes on stream {stream.Id} where {stream.ReceiveWindow} are allowed");
        if (stream.IsFinishedByPeer && bytes > 0) throw new RpcFormatException($"data on stream {stream.Id} behind its end");
        stream.ReceiveWindow -= bytes;
    }

    private void TakePayload(ref ReadOnlySpan<byte> bytes)
    {
        int taken = Math.Min(_payloadLeft, bytes.Length);
        _payloadLeft -= taken;
        var payload = bytes[..taken];
        bytes = bytes[taken..];
        if (_payloadOf is { IsOpen: true } stream && (_payloadFlags & MuxFlags.Rst) == 0) _owner.OnData(stream, payload);
        if (_payloadLeft == 0) EndPayload();
    }

    private void EndPayload()
    {
        var stream = _payloadOf;
        _payloadOf = null;
        OnEndFlags(stream, _payloadFlags);
    }

    private void OnEndFlags(MuxStream? stream, MuxFlags flags)
    {
        if (stream is not { IsOpen: true }) return;
        if ((flags & MuxFlags.Rst) != 0)
        {
            Remove(stream);
            _owner.OnEnded(stream, MuxStreamEnd.Reset);
        }
        else if ((flags & MuxFlags.Fin) != 0 && !stream.IsFinishedByPeer)
        {
            stream.IsFinishedByPeer = true;
            LimitHalfClosed(stream);
            _owner.OnFinished(stream);
            EndIfFinished(stream);
        }
    }

    private void OnGoAway(MuxGoAway reason)
    {
        IsPeerGoingAway = true;
        if (reason != MuxGoAway.Normal) Close($"the other side went away: {reason}");
    }

    // The other side broke the protocol: it is told so with the last bytes of the connection.
    private void Break(string reason)
    {
        _goAway = MuxGoAway.ProtocolError;
        _isGoAwaySent = false;
        Close(reason);
    }
}
