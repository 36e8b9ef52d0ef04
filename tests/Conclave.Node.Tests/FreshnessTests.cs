using Conclave.Core;
using Conclave.Node;
using Conclave.Raft;
using Conclave.Tests;
using Xunit;

namespace Conclave.Node.Tests;

/// <summary>What a follower says about the age of its state is true of what it has applied.</summary>
public sealed class FreshnessTests
{
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(200), Step = TimeSpan.FromMilliseconds(50);

    private readonly RaftCore _raft = new(new RaftConfig { ServerId = "b" }, new RecoveredRaft(default, "", default, default, Configuration.Empty, default, []), new Prng(1), new Instant(1));
    private readonly Freshness _freshness = new(Gap);
    private Instant _now = new(1);

    [Fact]
    public void A_word_of_the_leader_counts_when_it_is_applied()
    {
        Hear(commit: 0);
        Turn(applied: 0);
        Assert.Equal(_now, _freshness.FreshAt);
        var before = _now;
        _now += Step;
        Hear(commit: 1);
        Turn(applied: 0);
        Assert.Equal(before, _freshness.FreshAt);
        var heard = _now;
        _now += Step;
        Turn(applied: 1);
        Assert.Equal(heard, _freshness.FreshAt);
    }

    [Fact]
    public void What_had_waited_for_a_server_that_stood_still_says_nothing_of_the_present()
    {
        Hear(commit: 0);
        Turn(applied: 0);
        var before = _now;
        _now += TimeSpan.FromSeconds(5);
        Hear(commit: 0);
        Turn(applied: 0);
        Assert.Equal(before, _freshness.FreshAt);
        for (var end = _now + TimeSpan.FromSeconds(2); _now < end; _now += Step)
        {
            Hear(commit: 0);
            Turn(applied: 0);
        }
        Assert.Equal(_now - Step, _freshness.FreshAt);
    }

    // Too short for the core to notice: nothing was due meanwhile.
    [Fact]
    public void What_had_waited_during_a_short_standstill_says_nothing_either()
    {
        Hear(commit: 0);
        Turn(applied: 0);
        var before = _now;
        _now += Gap + Step;
        Hear(commit: 0);
        Turn(applied: 0);
        Assert.Equal(before, _freshness.FreshAt);
        _now += Step;
        Hear(commit: 0);
        Turn(applied: 0);
        Assert.Equal(_now, _freshness.FreshAt);
    }

    [Fact]
    public void A_server_that_has_just_returned_knows_nothing_until_it_has_heard_the_leader()
    {
        var cluster = new TestCluster();
        cluster.Put("a", "1");
        cluster.Run(TimeSpan.FromSeconds(1));
        int follower = (cluster.LeaderIndex + 1) % 3;
        Assert.NotNull(cluster[follower].Node.FreshAt);
        cluster.Cut(follower);
        cluster.Restart(follower);
        cluster.Run(TimeSpan.FromMilliseconds(300));
        Assert.Null(cluster[follower].Node.FreshAt);
        cluster.Heal(follower);
        cluster.Run(TimeSpan.FromSeconds(1));
        Assert.NotNull(cluster[follower].Node.FreshAt);
    }

    private void Hear(ulong commit)
    {
        _raft.Tick(_now);
        var entries = commit > _raft.LastIndex.Value ? new[] { new LogEntry(new LogIndex(commit), new Term(1), EntryType.Noop, default) } : [];
        _raft.Step(new RaftMessage
        {
            Kind = RaftMessageKind.Append, From = "a", To = "b", Term = new Term(1), RequestId = 1, LogIndex = _raft.LastIndex, LogTerm = _raft.LastTerm, Entries = entries, Commit = new LogIndex(commit),
        });
    }

    private void Turn(ulong applied) => _freshness.Note(_raft, new LogIndex(applied), _now);
}
