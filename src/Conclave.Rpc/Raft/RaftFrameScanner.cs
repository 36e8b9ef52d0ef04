using Conclave.Core.Codec;

namespace Conclave.Rpc.Raft;

/// <summary>
/// Finds the end of one request or reply on a Raft connection, however it arrives in pieces: n bytes cost n steps. It checks form and size only; the bytes of
/// a snapshot are not part of the request before them.
/// </summary>
public struct RaftFrameScanner
{
    private readonly bool _isReply;
    private MsgPackScanner _part;
    private int _partsLeft;
    private long _before;

    private RaftFrameScanner(bool isReply)
    {
        _isReply = isReply;
        _partsLeft = 2;
        _part = new(RaftWireLimits.ReplyPartBytesMax, acceptExtensions: true);
    }

    /// <summary>Bytes seen so far that belong to the request or reply.</summary>
    public readonly long BytesScanned => _before + _part.BytesScanned;

    /// <summary>True when it is complete; <see cref="BytesScanned"/> is its size then.</summary>
    public readonly bool IsComplete => _partsLeft == 0;

    /// <summary>Starts at the type byte of a request.</summary>
    public static RaftFrameScanner ForRequest() => new(isReply: false);

    /// <summary>Starts at the error text of a reply.</summary>
    public static RaftFrameScanner ForReply() => new(isReply: true);

    /// <summary>Looks at the bytes that follow those seen before; true when the request or reply ends within them.</summary>
    /// <exception cref="MsgPackException">No request or reply, or one that is too long: close the connection.</exception>
    public bool Scan(ReadOnlySpan<byte> bytes)
    {
        while (!IsComplete && !bytes.IsEmpty)
        {
            if (!_isReply && _partsLeft == 2)
            {
                _part = new(BytesMaxOf(bytes[0]), acceptExtensions: true);
                (_before, _partsLeft) = (1, 1);
                bytes = bytes[1..];
                continue;
            }
            long seen = _part.BytesScanned;
            if (_part.Scan(bytes)) _partsLeft--;
            bytes = bytes[(int)(_part.BytesScanned - seen)..];
            if (_part.IsComplete && _partsLeft > 0) NextPart();
        }
        return IsComplete;
    }

    private void NextPart()
    {
        _before += _part.BytesScanned;
        _part = new(RaftWireLimits.ReplyPartBytesMax, acceptExtensions: true);
    }

    private static long BytesMaxOf(byte type)
    {
        if (type > (byte)RaftRpc.RequestPreVote) MsgPackException.Throw($"{type} is no type of a request", 0);
        return type == (byte)RaftRpc.AppendEntries ? RaftWireLimits.AppendBytesMax : RaftWireLimits.RequestBytesMax;
    }
}
