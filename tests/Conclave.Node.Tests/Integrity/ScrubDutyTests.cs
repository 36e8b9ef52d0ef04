using Conclave.Core;
using Conclave.Tests;
using Xunit;

namespace Conclave.Node.Tests.Integrity;

public sealed class ScrubDutyTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    [Fact]
    public void A_disk_that_is_whole_stays_as_it_is()
    {
        var node = Filled();
        PassInterval(node);
        Assert.DoesNotContain(node.Log, static line => line.Contains("damaged", StringComparison.Ordinal));
        Assert.Contains(node.Log, static line => line.StartsWith("checked what is on disk", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(".wal")]
    [InlineData("state.bin")]
    [InlineData("meta.json")]
    public void Damage_is_repaired_from_memory_before_a_restart_needs_what_was_there(string kind)
    {
        var node = Filled();
        string damaged = node.Disk.Files.Where(file => file.EndsWith(kind, StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        node.Disk.Damage(damaged, 150, 0x20);
        node.Put("after", "damage");
        PassInterval(node);
        Assert.Contains(node.Log, line => line.StartsWith($"the disk has damaged {damaged[..damaged.LastIndexOf('/')]}", StringComparison.Ordinal));
        Assert.Contains("what was damaged on disk is saved anew", node.Log);
        Assert.DoesNotContain(damaged, node.Disk.Files);

        node.Put("last", "value");
        node.Disk.KillProcess();
        var again = new TestNode(node.Disk).Lead();
        for (int i = 0; i < 40; i++) Assert.Equal("v" + i, again.Get("k" + i));
        Assert.Equal("damage", again.Get("after"));
        Assert.Equal("value", again.Get("last"));
        Assert.DoesNotContain(again.Log, static line => line.Contains("cannot be used", StringComparison.Ordinal));
    }

    private static TestNode Filled()
    {
        var node = new TestNode(configure: static config => config with { Limits = config.Limits with { SnapshotThreshold = 10, ScrubInterval = Interval, ScrubStretchBytes = 500 } }).Lead();
        for (int i = 0; i < 40; i++)
        {
            node.Put("k" + i, "v" + i);
            if (i % 15 == 14) node.Pass(TimeSpan.FromSeconds(31));
        }
        Assert.Contains(node.Disk.Files, static file => file.EndsWith("state.bin", StringComparison.Ordinal));
        return node;
    }

    private static void PassInterval(TestNode node)
    {
        node.Pass(Interval);
        for (int i = 0; i < 600; i++) node.Pass(TimeSpan.FromMilliseconds(250));
    }
}
