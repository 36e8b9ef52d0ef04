namespace Conclave.Core.Codec;

/// <summary>What an archive says about its state: <c>meta.json</c>.</summary>
public sealed record ArchiveMeta
{
    /// <summary>The only version that can be restored.</summary>
    public const long SupportedVersion = 1;

    /// <summary>Version of the archive.</summary>
    public long Version { get; init; } = SupportedVersion;

    /// <summary><c>term-index-milliseconds</c>.</summary>
    public string Id { get; init; } = "";

    /// <summary>Last applied log entry.</summary>
    public ulong Index { get; init; }

    /// <summary>Term of that entry.</summary>
    public ulong Term { get; init; }

    /// <summary>Servers at that moment.</summary>
    public IReadOnlyList<ArchiveServer> Servers { get; init; } = [];

    /// <summary>Where in the log that set of servers stands.</summary>
    public ulong ConfigurationIndex { get; init; }

    /// <summary>Bytes of the state. Filled in when writing.</summary>
    public long Size { get; init; }
}

/// <summary>A server in <c>meta.json</c>.</summary>
/// <param name="Suffrage">0 voter, 1 non-voter.</param>
/// <param name="Id">Server id.</param>
/// <param name="Address"><c>ip:port</c>.</param>
public readonly record struct ArchiveServer(int Suffrage, string Id, string Address);

/// <summary>A verified archive.</summary>
/// <param name="Meta">What it says about itself.</param>
/// <param name="State">The state stream, for <see cref="SnapshotRecordReader"/> and the state's own reader.</param>
public sealed record ArchiveContent(ArchiveMeta Meta, ReadOnlyMemory<byte> State);
