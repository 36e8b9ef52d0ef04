using System.Buffers;
using Conclave.Core;

namespace Conclave.Simulation.Gossip;

/// <summary>A node's snapshot file: what was appended without a flush may be lost from its end when the machine goes.</summary>
internal sealed class SnapshotFile
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private int _flushed;

    public ReadOnlySpan<byte> Content => _bytes.WrittenSpan;

    public void Append(ReadOnlySpan<byte> bytes, bool flush)
    {
        _bytes.Write(bytes);
        if (flush) _flushed = _bytes.WrittenCount;
    }

    public void Replace(ReadOnlySpan<byte> bytes)
    {
        _bytes.ResetWrittenCount();
        Append(bytes, flush: true);
    }

    /// <summary>The machine goes: any part of what was not flushed is lost from the end, in the middle of a line too.</summary>
    public void Tear(Prng chance)
    {
        int kept = _flushed + (int)chance.Next(_bytes.WrittenCount - _flushed + 1);
        byte[] left = _bytes.WrittenSpan[..kept].ToArray();
        Replace(left);
    }

    public void Delete() => Replace([]);
}
