namespace Conclave.Storage;

/// <summary>Small files that are written whole.</summary>
public static class DurableFile
{
    /// <summary>Writes a file in the place of whatever has its name. Durable when it returns; a crash meanwhile leaves what was there before.</summary>
    /// <param name="disk">Where.</param>
    /// <param name="folder">The file's folder, which is flushed; empty for the data folder.</param>
    /// <param name="path">The file, with its folder.</param>
    /// <param name="bytes">All of it.</param>
    /// <exception cref="DiskException">The disk failed.</exception>
    public static void Replace(IDisk disk, string folder, string path, ReadOnlySpan<byte> bytes)
    {
        string temporary = path + DiskLayout.TemporarySuffix;
        var file = disk.Open(temporary, FileOpening.Replace);
        disk.Write(file, 0, bytes);
        disk.Flush(file);
        disk.Close(file);
        disk.Rename(temporary, path);
        disk.FlushDirectory(folder);
    }
}
