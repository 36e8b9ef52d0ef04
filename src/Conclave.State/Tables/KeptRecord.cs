using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>A record of a table that is stored and restored but not acted on (ACL, queries, config entries, certificates, federation …).</summary>
/// <param name="type">Its type in snapshots.</param>
/// <param name="key">Type byte, then the record's own key.</param>
/// <param name="fields">All fields, unknown ones included.</param>
internal sealed class KeptRecord(CommandType type, byte[] key, MsgPackMap fields)
{
    public readonly CommandType Type = type;
    public readonly byte[] Key = key;
    public readonly MsgPackMap Fields = fields;

    public ulong CreateIndex => GenericTree.Number(Fields, "CreateIndex");

    public ulong ModifyIndex => GenericTree.Number(Fields, "ModifyIndex");
}

/// <summary>A piece of a command that was too large for one entry.</summary>
internal sealed class ChunkPiece(byte[] key, ulong operation, uint sequence, uint count, ulong term, ReadOnlyMemory<byte> data)
{
    public readonly byte[] Key = key;
    public readonly ulong Operation = operation;
    public readonly uint Sequence = sequence;
    public readonly uint Count = count;
    public readonly ulong Term = term;
    public readonly ReadOnlyMemory<byte> Data = data;
}
