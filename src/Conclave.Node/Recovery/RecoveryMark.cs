using System.Buffers.Binary;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// The file that says that a server was recovered by a list of peers and that nothing was committed since. It outlives a crash, so that a server that ends before it has found the others is still one that waits for
/// all of them, and gives way if they went on without it.
/// </summary>
internal static class RecoveryMark
{
    // Checksum of the rest (4), last term before (8), configuration as in the log.
    private const int HeaderBytes = 12;

    private const int BytesMax = 1 << 20;

    /// <summary>Reads it; null without one, and when it is damaged: then the server is as any other.</summary>
    /// <exception cref="DiskException">The disk failed.</exception>
    public static Recovery? Read(IDisk disk, List<NodeLogLine> notes)
    {
        if (!disk.List(DiskLayout.Raft).Contains(PeersInfo.NameOf(DiskLayout.Recovery))) return null;
        var file = disk.Open(DiskLayout.Recovery, FileOpening.Existing);
        try
        {
            if (Decode(ReadAll(disk, file)) is { } recovery) return recovery;
        }
        finally
        {
            disk.Close(file);
        }
        notes.Add(new NodeLogLine(NodeLogLevel.Warning, "server.raft", $"{DiskLayout.Recovery} is damaged and ignored: this server does not wait for the others of peers.json, and does not give way to them"));
        return null;
    }

    /// <summary>Writes it, durably.</summary>
    public static void Write(IDisk disk, Recovery recovery)
    {
        byte[] configuration = ConfigurationCodec.Encode(recovery.Servers);
        var bytes = new byte[HeaderBytes + configuration.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(4), recovery.LastTermBefore.Value);
        configuration.CopyTo(bytes, HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Append(0, bytes.AsSpan(4)));
        DurableFile.Replace(disk, DiskLayout.Raft, DiskLayout.Recovery, bytes);
    }

    /// <summary>Removes it, durably.</summary>
    public static void Remove(IDisk disk)
    {
        disk.Delete(DiskLayout.Recovery);
        disk.FlushDirectory(DiskLayout.Raft);
    }

    private static byte[] ReadAll(IDisk disk, FileId file)
    {
        var bytes = new byte[Math.Min(disk.Length(file), BytesMax)];
        int got = 0;
        while (got < bytes.Length && disk.Read(file, got, bytes.AsSpan(got)) is > 0 and var read) got += read;
        return bytes[..got];
    }

    private static Recovery? Decode(byte[] bytes)
    {
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Crc32C.Append(0, bytes.AsSpan(4))) return null;
        try
        {
            return new Recovery(new Term(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(4))), ConfigurationCodec.Decode(bytes.AsSpan(HeaderBytes)));
        }
        catch (Exception malformed) when (malformed is MsgPackException or ArgumentException)
        {
            return null;
        }
    }
}
