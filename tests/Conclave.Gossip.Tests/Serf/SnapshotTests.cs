using System.Text;
using Conclave.Gossip.Files;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>What is remembered over a restart.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public void Members_clocks_and_a_leave_are_written_in_the_lines_of_peers()
    {
        using var net = new PoolNet();
        var (a, b, c) = (net.Add("a", Keeping), net.Add("b c"), net.Add("c"));
        net.Join(b, a);
        net.Join(c, a);
        net.Do(a, pool => pool.TryFireEvent("e", default, false, out _));
        net.Do(a, pool => pool.TryStartQuery(1, new GossipQuery("q", default), out _));
        net.Run(TimeSpan.FromSeconds(5));
        c.IsStopped = true;
        net.Run(TimeSpan.FromSeconds(30));
        Assert.Contains("alive: b c 10.1.0.2:8301\n", a.SnapshotText, StringComparison.Ordinal);
        Assert.Contains("alive: a 10.1.0.1:8301\n", a.SnapshotText, StringComparison.Ordinal);
        Assert.Contains("not-alive: c\n", a.SnapshotText, StringComparison.Ordinal);
        Assert.Contains("event-clock: 1\n", a.SnapshotText, StringComparison.Ordinal);
        Assert.Contains("query-clock: 1\n", a.SnapshotText, StringComparison.Ordinal);
        var remembered = Replayed(a);
        Assert.Equal(["a", "b c"], remembered.Alive.Keys);
        Assert.Equal((a.Pool.Numbers.MemberTime - 1, 1ul, 1ul), (remembered.Clock, remembered.EventClock, remembered.QueryClock));
    }

    [Fact]
    public void A_leave_is_flushed_at_once_and_ends_the_record()
    {
        using var net = new PoolNet();
        var (a, b) = (net.Add("a", Keeping), net.Add("b"));
        net.Join(b, a);
        net.Run(TimeSpan.FromSeconds(2));
        net.Do(a, pool => pool.Leave(1));
        var flushed = a.Files[^1];
        Assert.Equal(GossipFileWork.AppendSnapshotAndFlush, flushed.Work);
        Assert.EndsWith("leave\n", Encoding.UTF8.GetString(flushed.Bytes.Span), StringComparison.Ordinal);
        net.Run(TimeSpan.FromSeconds(10));
        string after = a.SnapshotText[(a.SnapshotText.IndexOf("leave\n", StringComparison.Ordinal) + 6)..];
        Assert.All(after.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("clock: ", line, StringComparison.Ordinal));
        Assert.Empty(Replayed(a).Alive);
        Assert.Equal(["a", "b"], SerfSnapshot.Replay(Encoding.UTF8.GetBytes(a.SnapshotText), rejoinAfterLeave: true).Alive.Keys);
    }

    [Fact]
    public void After_a_restart_the_pool_is_found_again_and_nothing_old_is_told_again()
    {
        using var net = new PoolNet();
        var a = net.Add("a", Keeping);
        var others = new[] { net.Add("b"), net.Add("c"), net.Add("d") };
        foreach (var other in others) net.Join(other, a);
        net.Do(a, pool => pool.TryFireEvent("old", default, false, out _));
        net.Run(TimeSpan.FromSeconds(5));
        a.IsStopped = true;
        others[0].IsStopped = true;
        others[1].IsStopped = true;
        net.Run(TimeSpan.FromSeconds(60));
        var again = net.Add("a", Keeping, snapshot: Replayed(a), endpoint: a.Endpoint);
        Assert.True(net.RunUntil(() => again.StatusOf("d") == MemberStatus.Alive, TimeSpan.FromSeconds(60)));
        Assert.Contains("Re-joined to previously known node: d: 10.1.0.4:8301", again.Log);
        net.Run(TimeSpan.FromSeconds(60));
        Assert.Empty(again.Told(GossipEventKind.User));
        Assert.Equal(MemberStatus.Alive, others[2].StatusOf("a"));
        net.Do(others[2], pool => pool.TryFireEvent("new", default, false, out _));
        net.Run(TimeSpan.FromSeconds(5));
        Assert.Equal("new", Assert.Single(again.Told(GossipEventKind.User)).Name);
    }

    [Fact]
    public void When_nobody_of_old_answers_that_is_said_and_they_stay_remembered()
    {
        using var net = new PoolNet();
        var remembered = SerfSnapshot.Replay("alive: x 10.9.9.9:8301\nalive: y 10.9.9.8:8301\nclock: 40\nevent-clock: 7\nquery-clock: 8\n"u8, rejoinAfterLeave: false);
        var host = net.Add("a", Keeping, snapshot: remembered);
        net.Run(TimeSpan.FromSeconds(5));
        Assert.Contains("Failed to re-join any previously known node", host.Log);
        Assert.Equal(["a", "x", "y"], Replayed(host).Alive.Keys);
        Assert.Equal((41ul, 8ul, 9ul), (host.Pool.Numbers.MemberTime, host.Pool.Numbers.EventTime, host.Pool.Numbers.QueryTime));
    }

    [Fact]
    public void A_file_that_grows_is_replaced_by_its_short_form()
    {
        using var net = new PoolNet();
        var host = net.Add("a", Keeping);
        for (int i = 0; i < 16_000; i++)
        {
            net.Do(host, pool => pool.TryFireEvent("e", default, false, out _));
            if (i % 1000 == 0) net.Run(TimeSpan.FromSeconds(1));
        }
        net.Run(TimeSpan.FromSeconds(2));
        Assert.True(host.Files.Count(file => file.Work == GossipFileWork.ReplaceSnapshot) >= 2);
        Assert.True(host.SnapshotText.Length < 128 * 1024 + 64 * 1024);
        Assert.Equal(16_000ul, Replayed(host).EventClock);
    }

    [Fact]
    public void After_a_failed_write_a_new_file_is_tried_now_and_then_until_it_works()
    {
        using var net = new PoolNet();
        var host = net.Add("a", Keeping);
        net.Run(TimeSpan.FromSeconds(1));
        host.Files.Clear();
        net.Do(host, pool => pool.OnFileFailed(GossipFileWork.AppendSnapshot, "no space left on device"));
        Assert.Equal(GossipFileWork.ReplaceSnapshot, Assert.Single(host.Files).Work);
        net.Do(host, pool => pool.OnFileFailed(GossipFileWork.ReplaceSnapshot, "no space left on device"));
        Fire(net, host);
        Assert.Single(host.Files);
        net.Run(TimeSpan.FromSeconds(31));
        Fire(net, host);
        Assert.Equal(GossipFileWork.ReplaceSnapshot, host.Files[1].Work);
        Assert.Equal(2ul, Replayed(host).EventClock);
        Fire(net, host);
        Assert.Equal(GossipFileWork.AppendSnapshot, host.Files[2].Work);
        Assert.Equal(3ul, Replayed(host).EventClock);
    }

    [Fact]
    public void Stopping_without_a_leave_flushes_what_is_held_back()
    {
        using var net = new PoolNet();
        var host = net.Add("a", Keeping);
        net.Run(TimeSpan.FromSeconds(1));
        net.Do(host, pool => pool.TryFireEvent("e", default, false, out _));
        net.Do(host, pool => pool.Stop());
        Assert.Equal(GossipFileWork.AppendSnapshotAndFlush, host.Files[^1].Work);
        Assert.Equal(1ul, Replayed(host).EventClock);
    }

    [Fact]
    public void An_idle_pool_writes_nothing()
    {
        using var net = new PoolNet();
        var (a, b) = (net.Add("a", Keeping), net.Add("b"));
        net.Join(b, a);
        net.Run(TimeSpan.FromMinutes(2));
        a.Files.Clear();
        net.Run(TimeSpan.FromMinutes(5));
        Assert.Empty(a.Files);
    }

    private static GossipConfig Keeping(GossipConfig config) => config with { KeepSnapshot = true };

    private static SerfSnapshot Replayed(PoolHost host) => SerfSnapshot.Replay(Encoding.UTF8.GetBytes(host.SnapshotText), rejoinAfterLeave: false);

    private static void Fire(PoolNet net, PoolHost host)
    {
        net.Do(host, pool => pool.TryFireEvent("e", default, false, out _));
        net.Run(TimeSpan.FromSeconds(1));
    }
}
