using Conclave.Core;

namespace Conclave.Storage;

/// <summary>One file of the log.</summary>
internal sealed class Segment(ulong number, ulong salt)
{
    public ulong Number { get; } = number;

    public ulong Salt { get; } = salt;

    public uint Seed { get; } = WalFormat.Seed(number, salt);

    public string Path { get; } = DiskLayout.Segment(number);

    /// <summary>Set while it is the current or the spare segment.</summary>
    public FileId File { get; set; }

    /// <summary>Where the next batch goes. Everything before it has been flushed, except while a write runs.</summary>
    public long Position { get; set; } = WalFormat.SegmentHeaderBytes;

    /// <summary>Up to here the file exists: data, then zeros. <c>Position &lt;= FilledTo</c> except behind a batch larger than what was filled.</summary>
    public long FilledTo { get; set; }

    /// <summary>Largest index among its entries, taken back ones too; 0 without any.</summary>
    public LogIndex MaxIndex { get; set; }

    /// <summary>Last entry of the log where this segment begins.</summary>
    public LogIndex BaseIndex { get; set; }

    /// <summary>The first record has been written.</summary>
    public bool HasBase { get; set; }

    /// <summary>Ended and durable: it may be deleted when its entries are not needed.</summary>
    public bool IsFlushed { get; set; }

    public bool IsBlank => !HasBase;
}
