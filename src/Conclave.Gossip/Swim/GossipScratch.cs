using System.Text;
using Conclave.Core;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip;

/// <summary>
/// Working memory of pools, about 400 KiB: what is in it is worth nothing between two calls. Pools that are run by one thread may share one, which matters
/// when there are thousands of them in one process. Not thread-safe.
/// </summary>
public sealed class GossipScratch : IDisposable
{
    // Beyond this many, names and byte strings are still taken, but no longer kept for others.
    private const int SharedMax = 1 << 17;

    private readonly ulong _seed;
    private readonly Dictionary<ulong, NodeName>? _names;
    private readonly Dictionary<ulong, byte[]>? _bytes;

    /// <summary>Takes the memory.</summary>
    /// <param name="seed">Chance for hashes: members choose their names, and must not be able to choose their hashes.</param>
    /// <param name="shareNames">Whether pools that use this share the names and metadata of members, and what is told of them. Good when they know the same members; what is shared stays until the end.</param>
    public GossipScratch(ulong seed, bool shareNames = false)
    {
        _seed = seed;
        if (!shareNames) return;
        _names = [];
        _bytes = [];
    }

    internal PacketReader Reader { get; } = new();

    internal PacketWriter Writer { get; } = new();

    /// <summary>Where packets are put together.</summary>
    internal CompoundWriter Packet { get; } = new(GossipConfig.PacketBytesDefault);

    /// <summary>Where single messages are written.</summary>
    internal PooledBuffer Message { get; } = new(GossipConfig.PacketBytesDefault);

    /// <inheritdoc/>
    public void Dispose()
    {
        Writer.Dispose();
        Message.Dispose();
    }

    internal ulong Hash(ReadOnlySpan<byte> utf8) => StableHash.Of(utf8, _seed);

    internal NodeName Name(string text) => Name(Encoding.UTF8.GetBytes(text));

    internal NodeName Name(ReadOnlySpan<byte> utf8) => Name(utf8, Hash(utf8));

    internal NodeName Name(ReadOnlySpan<byte> utf8, ulong hash)
    {
        if (_names is null) return new NodeName(utf8.ToArray(), hash);
        if (_names.TryGetValue(hash, out var known) && known.Is(utf8, hash)) return known;
        var name = new NodeName(utf8.ToArray(), hash);
        if (_names.Count < SharedMax) _names[hash] = name;
        return name;
    }

    /// <summary>A copy of some bytes that is never changed: metadata, or a short message about a member.</summary>
    internal byte[] Copy(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return [];
        if (_bytes is null) return bytes.ToArray();
        ulong hash = Hash(bytes);
        if (_bytes.TryGetValue(hash, out var known) && bytes.SequenceEqual(known)) return known;
        var copy = bytes.ToArray();
        if (_bytes.Count < SharedMax) _bytes[hash] = copy;
        return copy;
    }
}
