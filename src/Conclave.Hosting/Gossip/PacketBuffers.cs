namespace Conclave.Hosting.Gossip;

/// <summary>
/// Buffers for packets on their way from the socket to the loop. A bounded number: a loop that falls behind loses packets, which the protocol expects, rather than
/// memory. In the steady state one buffer goes round. Thread-safe.
/// </summary>
internal sealed class PacketBuffers
{
    /// <summary>Packets that may wait for the loop.</summary>
    public const int WaitingMax = 1024;

    /// <summary>Size of a kept buffer: peers fill packets up to 1,400 bytes. A longer packet gets an array of its own.</summary>
    public const int Bytes = 2048;

    // Buffers kept for reuse; a burst's others are left to the collector.
    private const int KeptMax = 64;

    private readonly Lock _gate = new();
    private readonly byte[]?[] _kept = new byte[KeptMax][];            // guarded by _gate, as are the counts
    private int _keptCount;
    private int _outside;

    /// <summary>A buffer for a packet; null when too many wait already.</summary>
    public byte[]? TryRent(int bytes)
    {
        lock (_gate)
        {
            if (_outside == WaitingMax) return null;
            _outside++;
            if (bytes <= Bytes && _keptCount > 0) return _kept[--_keptCount]!;
        }
        return new byte[Math.Max(bytes, Bytes)];
    }

    /// <summary>Gives a buffer back.</summary>
    public void Return(byte[] buffer)
    {
        lock (_gate)
        {
            _outside--;
            if (buffer.Length == Bytes && _keptCount < KeptMax) _kept[_keptCount++] = buffer;
        }
    }
}
