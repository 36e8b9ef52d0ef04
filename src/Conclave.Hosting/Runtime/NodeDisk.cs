using System.Text;
using Conclave.Storage;

namespace Conclave.Hosting;

/// <summary>Opens data folders: one process at a time, one identity for ever.</summary>
internal static class NodeDisk
{
    // A UUID and a line end; anything longer is not ours.
    private const int NodeIdBytesMax = 64;

    /// <summary>Creates the folder if needed and takes its lock.</summary>
    /// <exception cref="DiskException">It cannot be made, or another process uses it.</exception>
    public static SystemDisk Open(string folder, NodeInbox inbox)
    {
        var disk = new SystemDisk(folder, inbox.OnDiskDone);
        try
        {
            disk.Lock(DiskLayout.LockFile);
            return disk;
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }

    /// <summary>The node id: the configured one, else the stored one, else a new one, which is stored.</summary>
    /// <exception cref="DiskException">The file cannot be read or written.</exception>
    /// <exception cref="InvalidDataException">The file does not hold a UUID.</exception>
    public static string NodeId(IDisk? disk, string configured)
    {
        if (configured.Length > 0) return configured.ToLowerInvariant();
        if (disk is null) return NewId();
        if (disk.List("").Contains(DiskLayout.NodeId)) return Read(disk);

        string id = NewId();
        DurableFile.Replace(disk, folder: "", DiskLayout.NodeId, Encoding.ASCII.GetBytes(id));
        return id;
    }

    private static string Read(IDisk disk)
    {
        var file = disk.Open(DiskLayout.NodeId, FileOpening.Existing);
        Span<byte> bytes = stackalloc byte[NodeIdBytesMax];
        int length = disk.Read(file, 0, bytes);
        disk.Close(file);
        string text = Encoding.ASCII.GetString(bytes[..length]).Trim();
        return Guid.TryParseExact(text, "D", out _) ? text.ToLowerInvariant() : throw new InvalidDataException($"The file {DiskLayout.NodeId} in the data folder does not hold a UUID.");
    }

    private static string NewId() => Guid.NewGuid().ToString("D");
}
