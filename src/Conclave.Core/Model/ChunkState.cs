namespace Conclave.Core.Model;

/// <summary>Pieces of large commands of which not all have been applied yet: part of the replicated state, snapshot record 29.</summary>
/// <param name="Operations">Unfinished commands, ordered by number.</param>
public sealed record ChunkState(IReadOnlyList<ChunkedOperation> Operations)
{
    /// <summary>The usual state: nothing unfinished.</summary>
    public static ChunkState Empty { get; } = new([]);
}

/// <summary>The pieces of one command.</summary>
/// <param name="OpNum">Number the proposer drew for the command.</param>
/// <param name="Chunks">A place for each piece; null where it has not arrived.</param>
public sealed record ChunkedOperation(ulong OpNum, IReadOnlyList<Chunk?> Chunks);

/// <summary>A piece of a large command.</summary>
/// <param name="OpNum">Number of the command.</param>
/// <param name="SequenceNum">Position of this piece, from 0.</param>
/// <param name="NumChunks">How many pieces there are.</param>
/// <param name="Term">Term of the log entry that brought the piece.</param>
/// <param name="Data">The bytes.</param>
public sealed record Chunk(ulong OpNum, uint SequenceNum, uint NumChunks, ulong Term, ReadOnlyMemory<byte> Data);
