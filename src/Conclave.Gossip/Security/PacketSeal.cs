using System.Buffers;
using System.Security.Cryptography;

namespace Conclave.Gossip.Security;

/// <summary>How the plain bytes lie in an encrypted block.</summary>
internal enum SealVersion : byte
{
    /// <summary>Padded to blocks of 16 bytes, as the oldest members want it.</summary>
    Padded = 0,

    /// <summary>As they are.</summary>
    Plain = 1,
}

/// <summary>Encrypted blocks: version byte, nonce, AES-GCM ciphertext, tag.</summary>
internal static class PacketSeal
{
    public const int NonceBytes = 12, TagBytes = 16;

    private const int HeaderBytes = 1 + NonceBytes, PaddingBlock = 16;

    /// <summary>Bytes that a block has more than the plain bytes in it, at least.</summary>
    public const int OverheadBytes = HeaderBytes + TagBytes;

    /// <summary>Size of the block for this many plain bytes.</summary>
    public static int SizeOf(int plainBytes, SealVersion version) => OverheadBytes + plainBytes + PaddingOf(plainBytes, version);

    /// <summary>Encrypts. A nonce must never come twice under one key.</summary>
    public static void Seal(GossipKey key, SealVersion version, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plain, IBufferWriter<byte> output)
    {
        int size = SizeOf(plain.Length, version), padding = PaddingOf(plain.Length, version);
        var block = output.GetSpan(size)[..size];
        block[0] = (byte)version;
        nonce.CopyTo(block[1..HeaderBytes]);
        var content = block[HeaderBytes..^TagBytes];
        plain.CopyTo(content);
        content[plain.Length..].Fill((byte)padding);
        key.Cipher.Encrypt(nonce, content, content, block[^TagBytes..], associated);
        output.Advance(size);
    }

    /// <summary>
    /// Decrypts with the first key that fits. <paramref name="plain"/> must have room for <see cref="PlainBytesMax"/>; what is in it is worth nothing on failure.
    /// </summary>
    public static bool TryOpen(Keyring keyring, ReadOnlySpan<byte> block, ReadOnlySpan<byte> associated, Span<byte> plain, out int plainBytes)
    {
        plainBytes = 0;
        if (block.Length < OverheadBytes || block[0] > (byte)SealVersion.Plain) return false;
        var content = block[HeaderBytes..^TagBytes];
        plain = plain[..content.Length];
        for (int i = 0; i < keyring.Keys.Count; i++)                 // no foreach: the list behind the interface would allocate an enumerator
        {
            if (!TryDecrypt(keyring.Keys[i], block, content, associated, plain)) continue;
            int padding = 0;
            if (block[0] == (byte)SealVersion.Padded && !TryFindPadding(plain, out padding)) return false;
            plainBytes = plain.Length - padding;
            return true;
        }
        return false;
    }

    /// <summary>Most plain bytes that a block of this size holds.</summary>
    public static int PlainBytesMax(int blockBytes) => Math.Max(0, blockBytes - OverheadBytes);

    // The platform tells by an exception that a key does not fit, which costs twenty times what decrypting does. So a key that lately did not fit is tried in
    // a way that needs none and costs two or three times as much as decrypting: floods of foreign packets, and a keyring of many keys, stay cheap.
    private static bool TryDecrypt(GossipKey key, ReadOnlySpan<byte> block, ReadOnlySpan<byte> content, ReadOnlySpan<byte> associated, Span<byte> plain)
    {
        if (key.Misfits > 0) return TryDecryptQuietly(key, block, content, associated, plain);
        try
        {
            key.Cipher.Decrypt(block[1..HeaderBytes], content, block[^TagBytes..], plain, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            key.Misfits = GossipKey.MisfitsRemembered;
            return false;                                            // another key may fit
        }
    }

    // In this mode encrypting and decrypting both add the same stream of bytes: encrypting the ciphertext gives what would be the plain bytes, and encrypting
    // those again the tag that belongs to them.
    private static bool TryDecryptQuietly(GossipKey key, ReadOnlySpan<byte> block, ReadOnlySpan<byte> content, ReadOnlySpan<byte> associated, Span<byte> plain)
    {
        Span<byte> tag = stackalloc byte[TagBytes];
        var nonce = block[1..HeaderBytes];
        key.Cipher.Encrypt(nonce, content, plain, tag, associated);
        key.Cipher.Encrypt(nonce, plain, plain, tag, associated);
        bool fits = CryptographicOperations.FixedTimeEquals(tag, block[^TagBytes..]);
        key.Misfits = fits ? key.Misfits - 1 : GossipKey.MisfitsRemembered;
        if (fits) key.Cipher.Encrypt(nonce, plain, plain, tag, associated);      // the plain bytes again
        return fits;
    }

    private static int PaddingOf(int plainBytes, SealVersion version) => version == SealVersion.Padded ? PaddingBlock - plainBytes % PaddingBlock : 0;

    // The bytes are authentic, but their sender may be of another make: all of the padding is checked.
    private static bool TryFindPadding(ReadOnlySpan<byte> plain, out int padding)
    {
        padding = plain.IsEmpty ? 0 : plain[^1];
        return padding is >= 1 and <= PaddingBlock && padding <= plain.Length && plain[^padding..].IndexOfAnyExcept((byte)padding) < 0;
    }
}
