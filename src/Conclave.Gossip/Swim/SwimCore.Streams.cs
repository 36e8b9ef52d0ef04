using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Security;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Streams;

namespace Conclave.Gossip.Swim;

internal sealed partial class SwimCore
{
    private readonly Dictionary<long, SwimStream> _streams = [];
    private long _lastStream;
    private long _lastTicket;
    private int _streamsAccepted;
    private long _streamBytes;

    /// <summary>Exchanges states with somebody; <see cref="ISwimOwner.OnExchanged"/> tells how it ended.</summary>
    /// <returns>A number to know it by.</returns>
    public long Exchange(GossipTarget target, bool isJoin)
    {
        long ticket = ++_lastTicket;
        DialExchange(target.Endpoint, isJoin, ticket);
        return ticket;
    }

    /// <summary>Somebody opened a stream; false when it is to be closed at once.</summary>
    /// <param name="stream">Number chosen by the host, negative.</param>
    /// <param name="from">Who; the port means nothing.</param>
    public bool TryAccept(long stream, GossipEndpoint from)
    {
        if (stream >= 0 || _streams.ContainsKey(stream) || !_allowed.Allows(from)) return false;
        if (_streamsAccepted >= GossipLimits.StreamsAcceptedMax)
        {
            if (_logGate.TryPass(_now)) Log(GossipLogLevel.Error, $"Too many pending push/pull requests: {_streamsAccepted}");
            return false;
        }
        _streamsAccepted++;
        Open(stream, new SwimStream(StreamPurpose.Accepted, from, Decoder(isAnswer: false)), _config.StreamTimeout);
        return true;
    }

    /// <summary>More bytes of a stream. Whatever they are, this returns.</summary>
    public void OnStreamBytes(long stream, ReadOnlySpan<byte> bytes)
    {
        if (!_streams.TryGetValue(stream, out var open)) return;
        try
        {
            _streamBytes -= open.BytesHeld;
            bool isComplete = open.TryRead(bytes, out var message);
            _streamBytes += open.BytesHeld;
            if (isComplete) OnStreamMessage(stream, open, message);
            else if (_streamBytes > GossipLimits.StreamBytesTotalMax) GiveUpLargest();
        }
        catch (Exception e) when (e is MsgPackException or GossipFormatException)
        {
            _streamBytes = TotalBytesHeld();
            OnStreamFault(stream, open, e is GossipFormatException ? e.Message : "malformed message");
        }
    }

    /// <summary>A stream ended, or could not be opened.</summary>
    /// <param name="stream">Which.</param>
    /// <param name="error">Why, for people; null when the other side just closed it.</param>
    public void OnStreamEnded(long stream, string? error)
    {
        if (Detach(stream) is { } ended) Report(ended, error ?? "EOF");
    }

    private StreamDecoder Decoder(bool isAnswer) => new(_config.Label, isAnswer, Keyring, mayBePlain: !_config.VerifyIncoming);

    private void Open(long number, SwimStream stream, TimeSpan timeout)
    {
        stream.Timer = SetTimer(timeout, new(TimerKind.StreamEnd, number));
        _streams[number] = stream;
    }

    private void DialExchange(GossipEndpoint to, bool isJoin, long ticket)
    {
        var stream = new SwimStream(StreamPurpose.Exchange, to, Decoder(isAnswer: true)) { IsJoin = isJoin, Ticket = ticket };
        using var state = new PooledBuffer();
        WriteState(state, isJoin);
        Dial(to, stream, state.WrittenSpan, _config.StreamTimeout);
    }

    private long DialPing(SwimNode node)
    {
        WritePing(_probeSequence, node.Key.Utf8);
        var stream = new SwimStream(StreamPurpose.Ping, node.Endpoint, Decoder(isAnswer: true)) { Sequence = _probeSequence };
        return Dial(node.Endpoint, stream, _scratch.Message.WrittenSpan, _config.ProbeInterval * (HealthScore + 1));
    }

    private long Dial(GossipEndpoint to, SwimStream stream, ReadOnlySpan<byte> message, TimeSpan timeout)
    {
        long number = ++_lastStream;
        Open(number, stream, timeout);
        _outbox.Dial(new GossipDial(number, to, Wrap(message, isAnswer: false)));
        return number;
    }

    private byte[] Wrap(ReadOnlySpan<byte> message, bool isAnswer)
    {
        Span<byte> nonce = stackalloc byte[PacketSeal.NonceBytes];
        var key = SendingKey;
        if (key is not null) DrawNonce(nonce);
        using var output = new PooledBuffer(message.Length);
        _scratch.Writer.WriteStream(message, new Wrapping(_config.EnableCompression, Checksum: false, key), _config.Label.Span, isAnswer, nonce, output);
        return output.ToArray();
    }

    private void OnStreamMessage(long number, SwimStream stream, in StreamMessage message)
    {
        switch (stream.Purpose)
        {
            case StreamPurpose.Accepted: OnRequest(number, stream, message); break;
            case StreamPurpose.Exchange: OnExchangeAnswer(number, message); break;
            case StreamPurpose.Ping: OnPingAnswer(number, stream, message); break;
        }
    }

    private void OnRequest(long number, SwimStream stream, in StreamMessage message)
    {
        switch (message.Type)
        {
            case MessageType.Ping: OnStreamPing(number, GossipCodec.Decode<Ping>(message.Body.Span)); break;
            case MessageType.PushPull: OnPushPull(number, stream, GossipCodec.DecodePushPull(message.Body.Span)); break;
            case MessageType.User:
                var content = GossipCodec.DecodeUserMessage(message.Body.Span);
                CloseStream(number);
                _owner.OnUserMessage(stream.Peer, content);
                break;
            default:
                Numbers.MessagesDropped++;
                CloseStream(number);
                break;
        }
    }

    private void OnStreamPing(long number, in Ping ping)
    {
        if (!IsForUs(ping.Node))
        {
            CloseStream(number);
            return;
        }
        _scratch.Message.Clear();
        GossipCodec.Encode(_scratch.Message, new Ack { SeqNo = ping.SeqNo });
        Answer(number, _scratch.Message.WrittenSpan);
    }

    // The answer goes out before the other side's state is looked at, as with the peers: a refused merge is not told.
    private void OnPushPull(long number, SwimStream stream, in PushPull remote)
    {
        using (var state = new PooledBuffer())
        {
            WriteState(state, remote.Join);
            Answer(number, state.WrittenSpan);
        }
        if (Merge(remote, remote.Join) is { } reason && _logGate.TryPass(_now)) Log(GossipLogLevel.Error, $"Failed push/pull merge: {reason} from={stream.Peer}");
    }

    private void OnExchangeAnswer(long number, in StreamMessage message)
    {
        string? error = null;
        var stream = _streams[number];
        if (message.Type == MessageType.Error) error = "remote error: " + ErrorText(GossipCodec.Decode<ErrorAnswer>(message.Body.Span).Error);
        else if (message.Type != MessageType.PushPull) error = $"received invalid msgType ({(int)message.Type}), expected pushPullMsg (6)";
        else error = Merge(GossipCodec.DecodePushPull(message.Body.Span), stream.IsJoin);
        CloseStream(number);
        Report(stream, error);
    }

    private static string ErrorText(ReadOnlySpan<byte> utf8)
    {
        const int BytesMax = 512;
        return System.Text.Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, BytesMax)]);
    }

    private void OnPingAnswer(long number, SwimStream stream, in StreamMessage message)
    {
        bool isOurs = message.Type == MessageType.Ack && GossipCodec.Decode<Ack>(message.Body.Span).SeqNo == stream.Sequence;
        if (isOurs && number == _probeStream) _isStreamAnswered = true;
        CloseStream(number);
    }

    private void OnStreamFault(long number, SwimStream stream, string reason)
    {
        Numbers.MessagesDropped++;
        if (_logGate.TryPass(_now)) Log(GossipLogLevel.Error, $"failed to receive: {reason} from={stream.Peer}");
        // A message that was answered already may still turn out to be malformed further on.
        if (!_streams.ContainsKey(number)) return;
        if (stream.Purpose == StreamPurpose.Accepted)
        {
            _scratch.Message.Clear();
            GossipCodec.Encode(_scratch.Message, new ErrorAnswer { Error = System.Text.Encoding.UTF8.GetBytes(reason) });
            Answer(number, _scratch.Message.WrittenSpan);
            return;
        }
        CloseStream(number);
        Report(stream, reason);
    }

    private void OnStreamTimeout(long number)
    {
        if (!_streams.TryGetValue(number, out var stream)) return;
        CloseStream(number);
        Report(stream, "i/o timeout");
    }

    // The host sends the answer within the time of a stream and closes it; here it is over.
    private void Answer(long number, ReadOnlySpan<byte> message)
    {
        _outbox.Answer(new GossipAnswer(number, Wrap(message, isAnswer: true)));
        Detach(number);
    }

    private void CloseStream(long number)
    {
        if (Detach(number) is not null) _outbox.Close(number);
    }

    private SwimStream? Detach(long number)
    {
        if (!_streams.Remove(number, out var stream)) return null;
        _timers.Remove(stream.Timer);
        _streamBytes -= stream.BytesHeld;
        stream.Release();
        if (stream.Purpose == StreamPurpose.Accepted) _streamsAccepted--;
        return stream;
    }

    private void Report(SwimStream stream, string? error)
    {
        if (stream.Purpose != StreamPurpose.Exchange) return;
        if (stream.Ticket != 0) _owner.OnExchanged(stream.Ticket, error);
        else if (error is not null && _logGate.TryPass(_now)) Log(GossipLogLevel.Error, $"Push/Pull with {stream.Peer} failed: {error}");
    }

    // Whoever holds most is the least likely to be a member: a few large streams must not keep all others out.
    private void GiveUpLargest()
    {
        long largest = 0;
        foreach (var (number, stream) in _streams)
            if (largest == 0 || stream.BytesHeld > _streams[largest].BytesHeld || (stream.BytesHeld == _streams[largest].BytesHeld && number < largest)) largest = number;
        if (largest != 0) OnStreamFault(largest, _streams[largest], "too much data on all streams together");
    }

    private long TotalBytesHeld()
    {
        long total = 0;
        foreach (var stream in _streams.Values) total += stream.BytesHeld;
        return total;
    }
}
