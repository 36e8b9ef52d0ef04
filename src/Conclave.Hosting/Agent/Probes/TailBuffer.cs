using System.Text;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Keeps the last bytes of a stream of unknown length.</summary>
internal sealed class TailBuffer(int capacity)
{
    private byte[] _bytes = new byte[Math.Min(capacity, 512)];

    /// <summary>Bytes that came in all.</summary>
    public long Total { get; private set; }

    /// <summary>Most bytes kept.</summary>
    public int Capacity => capacity;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > capacity)
        {
            Total += bytes.Length - capacity;
            bytes = bytes[^capacity..];
        }
        Grow(bytes.Length);
        int at = (int)(Total % capacity), first = Math.Min(bytes.Length, capacity - at);
        bytes[..first].CopyTo(_bytes.AsSpan(at));
        bytes[first..].CopyTo(_bytes);
        Total += bytes.Length;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        if (Total <= capacity) return Encoding.UTF8.GetString(_bytes, 0, (int)Total);
        int at = (int)(Total % capacity);
        byte[] joined = [.. _bytes.AsSpan(at), .. _bytes.AsSpan(0, at)];
        return Encoding.UTF8.GetString(joined);
    }

    private void Grow(int more)
    {
        long needed = Math.Min(capacity, Total + more);
        if (needed > _bytes.Length) Array.Resize(ref _bytes, (int)Math.Min(capacity, Math.Max(needed, _bytes.Length * 2L)));
    }
}
