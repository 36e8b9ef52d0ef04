using Conclave.Core;

namespace Conclave.Storage.Tests;

public class FaultSweepTests
{
    private const int Steps = 70;

    [Theory]
    [InlineData(DiskFault.Fail, false)]
    [InlineData(DiskFault.Fail, true)]
    [InlineData(DiskFault.Tear, false)]
    [InlineData(DiskFault.Tear, true)]
    [InlineData(DiskFault.Full, false)]
    [InlineData(DiskFault.PowerCut, true)]
    public void After_a_fault_of_any_operation_everything_acknowledged_is_there(DiskFault fault, bool powerIsLost)
    {
        for (ulong seed = 1; seed <= 6; seed++)
        {
            bool reached = true;
            for (int n = 0; reached; n++)
            {
                string context = $"seed {seed}, {fault} at {n}";
                var life = Begin(seed, n, fault, out var count);
                life.Live(Steps);
                reached = count() > n;
                End(life, powerIsLost);
                // Nothing was damaged behind the server's back: it must start.
                Assert.Null(life.Recover(context));
                GoOn(life, context);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Byte_that_is_not_stored_as_written_is_noticed_or_harmless(bool powerIsLost)
    {
        int refused = 0;
        for (ulong seed = 1; seed <= 6; seed++)
        {
            bool reached = true;
            for (int n = 0; reached; n++)
            {
                string context = $"seed {seed}, corrupt at {n}";
                var life = Begin(seed, n, DiskFault.Corrupt, out var count);
                life.Live(Steps);
                // Power loss and decay of the very last batch at once is the one pair that is not covered: docs/wire/wal.md.
                if (powerIsLost) life.Rest();
                reached = count() > n;
                End(life, powerIsLost);
                if (life.Recover(context) is { } refusal)
                {
                    refused++;
                    Assert.StartsWith("raft/wal", refusal.File);
                    Assert.True(refusal.Message.Length > 100);
                }
                else
                {
                    GoOn(life, context);
                }
            }
        }
        Assert.True(refused > 20);
    }

    [Fact]
    public void Many_lives_with_many_crashes_lose_nothing()
    {
        for (ulong seed = 100; seed < 160; seed++)
        {
            var random = new Prng(seed);
            var life = new CrashWorkload(new MemoryDisk(new Prng(seed)), seed);
            for (int round = 0; round < 6; round++)
            {
                long at = life.Disk.Operations + random.Next(120);
                var fault = random.Next(2) == 0 ? DiskFault.PowerCut : DiskFault.Tear;
                life.Disk.Faults = (operation, _, _) => operation == at ? fault : DiskFault.None;
                life.Live(Steps);
                if (random.Next(3) == 0) life.Rest();
                // Also while it recovers.
                End(life, powerIsLost: random.Next(2) == 0);
                long again = life.Disk.Operations + random.Next(8);
                life.Disk.Faults = (operation, _, _) => operation == again ? DiskFault.PowerCut : DiskFault.None;
                try
                {
                    Assert.Null(life.Recover($"seed {seed}, round {round}"));
                }
                catch (DiskException)
                {
                    End(life, powerIsLost: true);
                    Assert.Null(life.Recover($"seed {seed}, round {round}, second start"));
                }
            }
        }
    }

    private static CrashWorkload Begin(ulong seed, int n, DiskFault fault, out Func<long> operations)
    {
        var disk = new MemoryDisk(new Prng(seed * 7919 + (ulong)n));
        var life = new CrashWorkload(disk, seed);
        long start = disk.Operations;
        disk.Faults = (operation, _, _) => operation - start == n ? fault : DiskFault.None;
        operations = () => disk.Operations - start;
        return life;
    }

    private static void End(CrashWorkload life, bool powerIsLost)
    {
        life.Disk.Faults = null;
        if (powerIsLost) life.Disk.Restart();
        else life.Disk.KillProcess();
    }

    // What was recovered must be something to live on: stale bytes would come to light here.
    private static void GoOn(CrashWorkload life, string context)
    {
        life.Live(Steps / 3);
        End(life, powerIsLost: true);
        Assert.Null(life.Recover(context + ", second life"));
    }
}
