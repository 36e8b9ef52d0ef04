using Conclave.Core.Codec;
using Conclave.Hosting.Configuration;

namespace Conclave.Cli.Commands.Snapshot;

/// <summary>Archives as files.</summary>
internal static class SnapshotFile
{
    /// <summary>Longest archive read and largest content unpacked, bytes: what one block of memory can hold.</summary>
    private static readonly int BytesMax = Array.MaxLength;

    /// <summary>Looks at the words of a verb that takes one file; returns the exit code when they are wrong.</summary>
    public static int? Check(CommandIo io, IReadOnlyList<string> arguments) => arguments.Count switch
    {
        0 => io.Fail("Missing FILE argument"),
        1 => null,
        _ => io.Fail($"Too many arguments (expected 1, got {arguments.Count})"),
    };

    /// <summary>Whether the error is one of opening, reading or writing a file.</summary>
    public static bool IsFileError(Exception error) => error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    /// <summary>The error in the system's usual words.</summary>
    public static string Describe(string verb, string path, Exception error) => ConfigFiles.Reason(verb, path, error);

    /// <summary>Reads and verifies an archive.</summary>
    /// <exception cref="SnapshotRefusedException">It is damaged, not an archive or too large.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ArchiveContent Read(Stream file)
    {
        if (file.Length > BytesMax) throw new SnapshotRefusedException($"the file is larger than {BytesMax} bytes");
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return SnapshotArchive.Read(bytes, BytesMax);
    }
}
