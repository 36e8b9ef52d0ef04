using System.Buffers.Binary;
using System.Text;

using Conclave.Core;

namespace Conclave.Storage;

/// <summary>Where the log stands between two records: what a segment must say at its beginning so that the ones before it may go.</summary>
internal readonly record struct WalMark(LogIndex LastIndex, Term LastTerm, Term Term, string VotedFor)
{
    public const int VoteBytesMax = 255;

    public int RecordBytes => (int)WalFormat.RecordBytes(8 + Encoding.UTF8.GetByteCount(VotedFor));

    /// <summary>Writes the base record of a segment.</summary>
    public void Write(Span<byte> into, uint seed, long offset)
    {
        into.Clear();
        var payload = into[WalFormat.RecordHeaderBytes..];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, Term.Value);
        int payloadBytes = 8 + Encoding.UTF8.GetBytes(VotedFor, payload[8..]);
        WalFormat.WriteHeader(into, seed, offset, new WalHeader(WalKind.Base, 0, true, 0, payloadBytes, Crc32C.Append(0, payload), LastTerm, LastIndex));
    }

    /// <summary>Reads the base record of a segment.</summary>
    public static WalMark Read(in WalHeader header, ReadOnlySpan<byte> payload) =>
        new(header.Index, header.Term, new Term(BinaryPrimitives.ReadUInt64LittleEndian(payload)), Encoding.UTF8.GetString(payload[8..header.PayloadBytes]));
}
