using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Rpc.Calls;

/// <summary>
/// Collects the calls or replies of one stream, one after the other, however they arrive in pieces. Holds memory only while there is something to hold. Not thread-safe.
/// </summary>
/// <param name="bodyBytesMax">Longest argument or result accepted, in bytes.</param>
public sealed class CallCollector(long bodyBytesMax) : IDisposable
{
    private const int InitialBytes = 512;

    private PooledBuffer? _buffer;
    private CallScanner _scanner = new(bodyBytesMax);

    /// <summary>True when a whole call is there.</summary>
    public bool IsComplete => _scanner.IsComplete;

    /// <summary>What came behind the calls that were taken is none, so the stream is of no use any more.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Bytes held, of this call and of what came behind it.</summary>
    public int BytesHeld => _buffer?.WrittenCount ?? 0;

    /// <summary>Adds bytes of the stream; true when a whole call is there then. Bytes behind it are kept.</summary>
    /// <exception cref="MsgPackException">No call, or one that is too long: the stream is of no use any more.</exception>
    public bool Add(ReadOnlySpan<byte> bytes)
    {
        if (IsBroken) throw new MsgPackException("bytes behind a call are none", 0);
        if (!_scanner.IsComplete) _scanner.Scan(bytes);
        Keep(bytes);
        return IsComplete;
    }

    /// <summary>Gives the call away that is complete. What came behind it stays and may be another whole one, or none (<see cref="IsBroken"/>).</summary>
    public CollectedCall Take()
    {
        Invariant.Require(IsComplete, "a call is complete before it is taken");
        int length = (int)_scanner.BytesScanned;
        var taken = new CollectedCall(_buffer!, length);
        var rest = _buffer!.WrittenSpan[length..];
        _buffer = null;
        _scanner = new(bodyBytesMax);
        if (rest.IsEmpty) return taken;

        try
        {
            Add(rest);
        }
        catch (MsgPackException)
        {
            // The call itself is good: however the connection cut the bytes, it is served.
            Dispose();
            IsBroken = true;
        }
        return taken;
    }

    /// <summary>Gives the memory back; the collector can be used again.</summary>
    public void Dispose()
    {
        _buffer?.Dispose();
        _buffer = null;
        _scanner = new(bodyBytesMax);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        _buffer ??= new PooledBuffer(Math.Max(InitialBytes, bytes.Length));
        bytes.CopyTo(_buffer.GetSpan(bytes.Length));
        _buffer.Advance(bytes.Length);
    }
}

/// <summary>A whole call or reply with the memory it lies in, which goes back to the pool when it is disposed of.</summary>
public readonly struct CollectedCall : IDisposable
{
    private readonly PooledBuffer _buffer;
    private readonly int _length;

    internal CollectedCall(PooledBuffer buffer, int length) => (_buffer, _length) = (buffer, length);

    /// <summary>Header and body; lent until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.WrittenMemory[.._length];

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
