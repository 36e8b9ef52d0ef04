using System.Buffers;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Streams;

/// <summary>Finds the end of a plain message that arrives in pieces. It remembers how far it came, so however the bytes are cut, each is looked at once.</summary>
internal struct MessageMeter
{
    private Phase _phase;
    private MessageType _type;
    private long _at;
    private int _nodesLeft;
    private long _tailBytes;
    private MsgPackScanner _scanner;
    private long _scanned;

    private enum Phase
    {
        Type,
        Header,
        Nodes,
        Tail,
        Done,
    }

    /// <summary>Size of the message that <paramref name="input"/> starts with; false when it is not complete yet. The input starts at the same byte each time.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    /// <exception cref="GossipFormatException">Malformed.</exception>
    public bool TryMeasure(in ReadOnlySequence<byte> input, out long size)
    {
        var reader = new SequenceReader<byte>(input.Slice(_at));
        while (_phase != Phase.Done && TryStep(input, ref reader))
        {
        }
        if (_phase != Phase.Done && _at + _scanned > GossipLimits.StreamMessageBytesMax) GossipFormatException.Throw("a message beyond the bound");
        size = _at;
        return _phase == Phase.Done;
    }

    private bool TryStep(in ReadOnlySequence<byte> input, ref SequenceReader<byte> reader) => _phase switch
    {
        Phase.Type => TryType(ref reader),
        Phase.Header => TryHeader(input, ref reader),
        Phase.Nodes => TryNode(ref reader),
        _ => TryTail(ref reader),
    };

    private bool TryType(ref SequenceReader<byte> reader)
    {
        if (!reader.TryRead(out byte type)) return false;
        _type = (MessageType)type;
        if (_type is not (MessageType.Ping or MessageType.Ack or MessageType.PushPull or MessageType.User or MessageType.Error or MessageType.Compress))
            GossipFormatException.Throw($"a message of type {type} on a stream");
        _at = 1;
        StartValue(Phase.Header, GossipLimits.StreamMessageBytesMax);
        return true;
    }

    private bool TryHeader(in ReadOnlySequence<byte> input, ref SequenceReader<byte> reader)
    {
        long start = _at;
        if (!TryValue(ref reader)) return false;
        if (_type is not (MessageType.PushPull or MessageType.User))
        {
            _phase = Phase.Done;
            return true;
        }
        var header = new MsgPackReader(new ReadOnlySpan<byte>(input.Slice(start, _at - start).ToArray()));
        if (_type == MessageType.User) _tailBytes = UserMessageHeader.Read(ref header).Bytes;
        else
        {
            var pushPull = PushPullHeader.Read(ref header);
            (_nodesLeft, _tailBytes) = (pushPull.Nodes, pushPull.UserStateBytes);
        }
        StartValue(Phase.Nodes, GossipLimits.NodeStateBytesMax);
        return true;
    }

    private bool TryNode(ref SequenceReader<byte> reader)
    {
        if (_nodesLeft == 0)
        {
            _phase = Phase.Tail;
            return true;
        }
        if (!TryValue(ref reader)) return false;
        _nodesLeft--;
        if (_at > GossipLimits.StreamMessageBytesMax) GossipFormatException.Throw("a message beyond the bound");
        StartValue(Phase.Nodes, GossipLimits.NodeStateBytesMax);
        return true;
    }

    private bool TryTail(ref SequenceReader<byte> reader)
    {
        if (_at + _tailBytes > GossipLimits.StreamMessageBytesMax) GossipFormatException.Throw("a message beyond the bound");
        if (reader.Remaining < _tailBytes) return false;
        reader.Advance(_tailBytes);
        _at += _tailBytes;
        _phase = Phase.Done;
        return true;
    }

    private void StartValue(Phase phase, int bytesMax)
    {
        _phase = phase;
        _scanner = new(bytesMax, acceptExtensions: true);
        _scanned = 0;
    }

    // Position _at stays at the value's start until it is complete; the scanner knows how much of it has been seen.
    private bool TryValue(ref SequenceReader<byte> reader)
    {
        reader.Advance(Math.Min(_scanned, reader.Remaining));
        while (!reader.End)
        {
            bool isComplete = _scanner.Scan(reader.UnreadSpan);
            reader.Advance(_scanner.BytesScanned - _scanned);
            _scanned = _scanner.BytesScanned;
            if (!isComplete) continue;
            _at += _scanned;
            _scanned = 0;
            return true;
        }
        return false;
    }
}
