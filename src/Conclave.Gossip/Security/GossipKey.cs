using System.Security.Cryptography;

namespace Conclave.Gossip.Security;

/// <summary>A key of 16, 24 or 32 bytes (AES-128, 192, 256), ready for use. Its text form is never its content, so that it cannot reach a log.</summary>
public sealed class GossipKey : IDisposable
{
    /// <summary>Blocks in a row that must fit before the key counts as one that fits again.</summary>
    internal const int MisfitsRemembered = 64;

    private readonly byte[] _bytes;

    /// <summary>Takes a copy of the bytes.</summary>
    /// <exception cref="GossipFormatException">Not 16, 24 or 32 bytes.</exception>
    public GossipKey(ReadOnlySpan<byte> bytes)
    {
        if (!IsKeySize(bytes.Length)) GossipFormatException.Throw("key size must be 16, 24 or 32 bytes");
        _bytes = bytes.ToArray();
        Cipher = new(_bytes, PacketSeal.TagBytes);
    }

    /// <summary>The key as it stands in configuration and keyring files.</summary>
    /// <exception cref="GossipFormatException">No base64, or no size of a key.</exception>
    public static GossipKey Parse(string base64)
    {
        Span<byte> bytes = stackalloc byte[64];
        if (!Convert.TryFromBase64String(base64, bytes, out int written)) GossipFormatException.Throw("a key that is not base64");
        var key = new GossipKey(bytes[..written]);
        CryptographicOperations.ZeroMemory(bytes);
        return key;
    }

    internal AesGcm Cipher { get; }

    /// <summary>Above zero when the key lately did not fit a block.</summary>
    internal int Misfits { get; set; }

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Whether a key may have this many bytes.</summary>
    public static bool IsKeySize(int bytes) => bytes is 16 or 24 or 32;

    /// <summary>The key itself, for keyring files and key queries only.</summary>
    public string ToBase64() => Convert.ToBase64String(_bytes);

    /// <summary>Whether the key has these bytes; takes the same time wherever they differ.</summary>
    public bool Matches(ReadOnlySpan<byte> bytes) => CryptographicOperations.FixedTimeEquals(_bytes, bytes);

    /// <inheritdoc/>
    public override string ToString() => $"key of {_bytes.Length} bytes";

    /// <inheritdoc/>
    public void Dispose()
    {
        Cipher.Dispose();
        CryptographicOperations.ZeroMemory(_bytes);
    }
}
