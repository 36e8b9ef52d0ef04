using Conclave.Core;
using Conclave.Tests;

namespace Conclave.Raft.Tests;

public class LogViewTests
{
    [Fact]
    public void Behaves_like_a_list() => Property.Check<uint[]>(edits =>
    {
        var log = new LogView(new LogIndex(10), new Term(1));
        List<LogEntry> model = [];
        ulong first = 11, term = 1, stable = 10;
        Term baseTerm = new(1);
        foreach (uint edit in edits ?? [])
        {
            ulong last = first + (ulong)model.Count - 1;
            switch (edit % 8)
            {
                case < 4:
                    if (edit % 3 == 0) term++;
                    model.Add(new LogEntry(new LogIndex(last + 1), new Term(term), EntryType.Command, new byte[edit % 50]));
                    log.Append(model[^1]);
                    break;
                case 4 when model.Count > 0:
                    int kept = (int)(edit / 8) % model.Count;
                    log.TruncateFrom(new LogIndex(first + (ulong)kept));
                    model.RemoveRange(kept, model.Count - kept);
                    stable = Math.Min(stable, first + (ulong)kept - 1);
                    break;
                case 5 when model.Count > 0:
                    int gone = (int)(edit / 8) % model.Count + 1;
                    log.CompactTo(new LogIndex(first + (ulong)gone - 1));
                    baseTerm = model[gone - 1].Term;
                    model.RemoveRange(0, gone);
                    first += (ulong)gone;
                    break;
                case 6 when model.Count > 0:
                    var entry = model[(int)(edit / 8) % model.Count];
                    Assert.False(log.TryMarkStable(entry.Index, entry.Term.Next));
                    log.TryMarkStable(entry.Index, entry.Term);
                    stable = Math.Max(stable, entry.Index.Value);
                    break;
            }
            if (!Matches(log, model, first, baseTerm) || log.StableIndex.Value != stable) return false;
        }
        return true;
    }, runs: 500);

    private static bool Matches(LogView log, List<LogEntry> model, ulong first, Term baseTerm)
    {
        if (log.BaseIndex.Value != first - 1 || log.LastIndex.Value != first + (ulong)model.Count - 1) return false;
        if (!log.TryTermAt(log.BaseIndex, out var term) || term != baseTerm || log.TryTermAt(log.LastIndex.Next, out _)) return false;
        if (log.Bytes != model.Sum(e => (long)e.Data.Length)) return false;
        foreach (var entry in model)
            if (log[entry.Index] != entry || !log.TryTermAt(entry.Index, out var own) || own != entry.Term) return false;
        return true;
    }

    [Theory]
    [InlineData(1, 10, 1000, 4)]
    [InlineData(2, 2, 1000, 2)]
    [InlineData(1, 10, 25, 2)]
    [InlineData(1, 10, 5, 1)]
    [InlineData(5, 10, 1000, 0)]
    public void Slice_keeps_within_both_limits_but_takes_one_at_least(ulong from, int entriesMax, long bytesMax, int expected)
    {
        var log = new LogView(default, default);
        for (ulong i = 1; i <= 4; i++) log.Append(new LogEntry(new LogIndex(i), new Term(1), EntryType.Command, new byte[10]));
        var slice = log.Slice(new LogIndex(from), entriesMax, bytesMax, out long bytes);
        Assert.Equal(expected, slice.Length);
        Assert.Equal(10 * expected, bytes);
    }
}
