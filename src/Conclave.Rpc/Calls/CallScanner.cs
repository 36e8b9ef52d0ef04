using Conclave.Core.Codec;

namespace Conclave.Rpc.Calls;

/// <summary>Finds the end of one call or reply, a header and a body, however it arrives in pieces: n bytes cost n steps. It checks form and size only.</summary>
/// <param name="bodyBytesMax">Longest argument or result accepted, in bytes.</param>
public struct CallScanner(long bodyBytesMax)
{
    /// <summary>Longest header in bytes: a method's name and a number, or an error text of some pages.</summary>
    public const int HeaderBytesMax = 64 * 1024;

    private MsgPackScanner _header = new(HeaderBytesMax, acceptExtensions: true);
    private MsgPackScanner _body = new(bodyBytesMax, acceptExtensions: true);

    /// <summary>Bytes seen so far that belong to the call or reply.</summary>
    public readonly long BytesScanned => _header.BytesScanned + _body.BytesScanned;

    /// <summary>True when it is complete; <see cref="BytesScanned"/> is its size then.</summary>
    public readonly bool IsComplete => _header.IsComplete && _body.IsComplete;

    /// <summary>Looks at the bytes that follow those seen before; true when the call or reply ends within them.</summary>
    /// <exception cref="MsgPackException">No call or reply, or one that is too long: close the stream.</exception>
    public bool Scan(ReadOnlySpan<byte> bytes)
    {
        if (!_header.IsComplete)
        {
            long seen = _header.BytesScanned;
            if (!_header.Scan(bytes)) return false;
            bytes = bytes[(int)(_header.BytesScanned - seen)..];
        }
        return _body.Scan(bytes);
    }
}
