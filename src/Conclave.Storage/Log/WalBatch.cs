using System.Text;

using Conclave.Core;

namespace Conclave.Storage;

/// <summary>
/// Records that go to the disk in one write. The loop only collects them; headers and checksums are made by the disk's worker in <see cref="Encode"/>.
/// Reused, so that a batch in steady state allocates nothing.
/// </summary>
internal sealed class WalBatch(int gatherBytesMin)
{
    // Rather than hold on to the largest batch ever seen.
    private const int BufferBytesKept = 1 << 20;

    private readonly record struct Pending(WalKind Kind, EntryType EntryType, Term Term, LogIndex Index, ReadOnlyMemory<byte> Extensions, ReadOnlyMemory<byte> Data);

    private readonly List<Pending> _records = [];
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private byte[] _buffer = [];
    private int _bufferBytes;

    /// <summary>Bytes of all records.</summary>
    public long Bytes { get; private set; }

    public int Count => _records.Count;

    /// <summary>Ticket of the last record.</summary>
    public ulong Ticket { get; set; }

    /// <summary>Log position behind this batch.</summary>
    public LogIndex LastIndex { get; set; }

    /// <summary>Term of the entry at <see cref="LastIndex"/>.</summary>
    public Term LastTerm { get; set; }

    /// <summary>Largest index among the entries; 0 without any.</summary>
    public LogIndex MaxIndex { get; private set; }

    public void AddEntry(in LogEntry entry)
    {
        if (entry.Index > MaxIndex) MaxIndex = entry.Index;
        Add(new Pending(WalKind.Entry, entry.Type, entry.Term, entry.Index, entry.Extensions, entry.Data));
    }

    public void AddTerm(Term term, string votedFor) => Add(new Pending(WalKind.Term, 0, term, default, default, Encoding.UTF8.GetBytes(votedFor)));

    /// <param name="from">First entry taken back.</param>
    /// <param name="lastTerm">Term of the entry before it.</param>
    public void AddTruncate(LogIndex from, Term lastTerm) => Add(new Pending(WalKind.Truncate, 0, lastTerm, from, default, default));

    public void AddReset(LogIndex index, Term term) => Add(new Pending(WalKind.Reset, 0, term, index, default, default));

    private void Add(in Pending record)
    {
        _records.Add(record);
        int payloadBytes = record.Extensions.Length + record.Data.Length;
        long recordBytes = WalFormat.RecordBytes(payloadBytes);
        Bytes += recordBytes;
        _bufferBytes += (int)(IsGathered(record) ? recordBytes - record.Data.Length : recordBytes);
    }

    private bool IsGathered(in Pending record) => record.Data.Length >= gatherBytesMin && record.Data.Length > 0;

    /// <summary>Lays the records out for a place in a segment. The parts are valid until <see cref="Clear"/>.</summary>
    /// <param name="segment">Where they go.</param>
    /// <param name="offset">Offset of the first byte.</param>
    /// <param name="lead">Further bytes to put in front, or empty; they are complete records.</param>
    public List<ReadOnlyMemory<byte>> Encode(Segment segment, long offset, ReadOnlySpan<byte> lead)
    {
        int needed = lead.Length + _bufferBytes;
        if (_buffer.Length < needed) _buffer = new byte[Math.Max(needed, 4096)];
        lead.CopyTo(_buffer);
        int used = lead.Length, partStart = 0;
        long at = offset + lead.Length;
        foreach (ref readonly var record in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_records))
        {
            int headerAt = used;
            used += WalFormat.RecordHeaderBytes;
            record.Extensions.Span.CopyTo(_buffer.AsSpan(used));
            used += record.Extensions.Length;
            bool gathered = IsGathered(record);
            if (gathered)
            {
                _parts.Add(_buffer.AsMemory(partStart, used - partStart));
                _parts.Add(record.Data);
                partStart = used;
            }
            else
            {
                record.Data.Span.CopyTo(_buffer.AsSpan(used));
                used += record.Data.Length;
            }
            int payloadBytes = record.Extensions.Length + record.Data.Length, padding = WalFormat.PaddingBytes(payloadBytes);
            _buffer.AsSpan(used, padding).Clear();
            used += padding;
            uint crc = Crc32C.Append(0, record.Extensions.Span);
            crc = Crc32C.Append(crc, record.Data.Span);
            crc = Crc32C.Append(crc, _buffer.AsSpan(used - padding, padding));
            bool first = at == offset;
            WalFormat.WriteHeader(_buffer.AsSpan(headerAt), segment.Seed, at,
                new WalHeader(record.Kind, record.EntryType, first, (byte)record.Extensions.Length, payloadBytes, crc, record.Term, record.Index));
            at += WalFormat.RecordBytes(payloadBytes);
        }
        if (used > partStart) _parts.Add(_buffer.AsMemory(partStart, used - partStart));
        return _parts;
    }

    public void Clear()
    {
        _records.Clear();
        _parts.Clear();
        if (_buffer.Length > BufferBytesKept) _buffer = [];
        _bufferBytes = 0;
        Bytes = 0;
        MaxIndex = default;
    }
}
