using System.Text.Json;
using Conclave.Core;
using Conclave.State;

namespace Conclave.Tests.State;

/// <summary>The complete recorded log of a cluster of peers, and the state one of them had after it.</summary>
public sealed class ReplayTests
{
    [Fact]
    public void The_recorded_log_gives_the_recorded_state()
    {
        using var recorded = JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "raft", "replay.json")));
        var root = Replay(recorded);
        var expected = Convert.FromHexString(recorded.RootElement.GetProperty("snapshot").GetProperty("state_hex").GetString()!);
        Assert.Equal(67, StateDump.Lines(expected).Count);
        Assert.Equal(StateDump.Lines(expected), StateDump.Lines(root));
        Assert.Equal(82UL, root.LastIndex);
        Assert.Equal(StateDump.Restore(expected).Digest, root.Digest);
    }

    [Fact]
    public void Batches_of_any_size_give_the_same_state()
    {
        using var recorded = JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "raft", "replay.json")));
        var one = Replay(recorded, batch: 1);
        foreach (var size in (int[])[2, 7, 1000])
        {
            var other = Replay(recorded, size);
            Assert.Equal(one.Digest, other.Digest);
            Assert.Equal(StateDump.Lines(one), StateDump.Lines(other));
        }
    }

    private static StateRoot Replay(JsonDocument recorded, int batch = 1000)
    {
        var applier = new CommandApplier(new StateRoot());
        var root = new StateRoot();
        var pending = 0;
        foreach (var entry in recorded.RootElement.GetProperty("entries").EnumerateArray())
        {
            applier.Apply(new LogEntry(
                new LogIndex(entry.GetProperty("index").GetUInt64()), new Term(entry.GetProperty("term").GetUInt64()),
                Enum.Parse<EntryType>(entry.GetProperty("type").GetString()!), Convert.FromHexString(entry.GetProperty("hex").GetString()!)));
            if (++pending < batch) continue;
            root = applier.Publish(out _);
            pending = 0;
        }
        return pending > 0 ? applier.Publish(out _) : root;
    }
}
