using System.Globalization;

namespace Conclave.Http.Server;

/// <summary>Indexes as header values. Most answers repeat recent indexes, so a small table spares an allocation per answer. Thread-safe: a lost entry is made anew.</summary>
internal sealed class IndexTexts
{
    private const int Slots = 1024;   // A power of two.

    private readonly Entry?[] _entries = new Entry?[Slots];

    public string this[ulong index]
    {
        get
        {
            ref var slot = ref _entries[index & Slots - 1];
            var entry = Volatile.Read(ref slot);
            if (entry is not null && entry.Index == index) return entry.Text;
            entry = new Entry(index, index.ToString(CultureInfo.InvariantCulture));
            Volatile.Write(ref slot, entry);
            return entry.Text;
        }
    }

    private sealed record Entry(ulong Index, string Text);
}
