using Conclave.Core;

namespace Conclave.Storage;

/// <summary>One server of the configuration inside a snapshot's description.</summary>
/// <param name="Suffrage">0 voter, 1 non-voter, 2 staging.</param>
/// <param name="Id">Server id, a UUID.</param>
/// <param name="Address"><c>ip:port</c>.</param>
public sealed record SnapshotServer(int Suffrage, string Id, string Address);

/// <summary>Which state a snapshot holds (<c>meta.json</c>).</summary>
public sealed record SnapshotMeta
{
    /// <summary><c>term-index-milliseconds</c>; also the folder's name.</summary>
    public required string Id { get; init; }

    /// <summary>Last applied entry in the snapshot.</summary>
    public required LogIndex Index { get; init; }

    /// <summary>Term of that entry.</summary>
    public required Term Term { get; init; }

    /// <summary>Servers at that moment.</summary>
    public required IReadOnlyList<SnapshotServer> Configuration { get; init; }

    /// <summary>Where in the log that configuration stands.</summary>
    public required LogIndex ConfigurationIndex { get; init; }

    /// <summary>Bytes of <c>state.bin</c>. Filled in by the store when it saves.</summary>
    public long Size { get; init; }

    /// <summary>CRC-64/ECMA of <c>state.bin</c>. Filled in by the store when it saves.</summary>
    public ulong Crc { get; init; }

    /// <summary>Where the snapshot ends.</summary>
    public SnapshotPoint End => new(Index, Term);

    /// <summary>The id of a snapshot made at <paramref name="wall"/>.</summary>
    public static string MakeId(LogIndex index, Term term, WallTime wall) => $"{term}-{index}-{wall.UnixNanoseconds / 1_000_000}";
}
