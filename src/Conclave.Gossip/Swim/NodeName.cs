using System.Text;

namespace Conclave.Gossip.Swim;

/// <summary>The name of a member in the forms in which it is needed: text for people, bytes for the wire, a hash to find it by. Never changes.</summary>
/// <param name="utf8">The name's bytes, owned from now on.</param>
/// <param name="hash">Their hash under the seed of the <see cref="GossipScratch"/> it belongs to.</param>
internal sealed class NodeName(byte[] utf8, ulong hash)
{
    /// <summary>Longest name in bytes. A host name has at most 253; a packet of 1,400 bytes must hold a name and 512 bytes of metadata.</summary>
    public const int BytesMax = 512;

    public string Text { get; } = Encoding.UTF8.GetString(utf8);

    public byte[] Utf8 { get; } = utf8;

    public ulong Hash { get; } = hash;

    /// <summary>
    /// Whether a member may have this name. Bytes that are no text would be shown as a text that other names share; control characters would write lines of
    /// their own into logs and snapshot files.
    /// </summary>
    public static bool IsAcceptable(ReadOnlySpan<byte> utf8) =>
        utf8.Length is > 0 and <= BytesMax && utf8.IndexOfAnyInRange((byte)0, (byte)0x1f) < 0 && !utf8.Contains((byte)0x7f) && System.Text.Unicode.Utf8.IsValid(utf8);

    public bool Is(ReadOnlySpan<byte> utf8, ulong hash) => Hash == hash && utf8.SequenceEqual(Utf8);
}
