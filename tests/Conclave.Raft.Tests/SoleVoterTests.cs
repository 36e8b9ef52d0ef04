using Conclave.Core;

namespace Conclave.Raft.Tests;

public class SoleVoterTests
{
    private static readonly Configuration Alone = new([new RaftServer("me", "127.0.0.1:8300", Suffrage.Voter)]);

    private static RaftCore Start(RaftConfig? config = null, RecoveredRaft? recovered = null) =>
        new(config ?? RaftConfig.ForDevelopment("me"), recovered ?? Bootstrapped(), new Prng(1), new Instant(0));

    private static RecoveredRaft Bootstrapped() => new(new Term(1), "", default, default, Configuration.Empty, default,
        [new LogEntry(new LogIndex(1), new Term(1), EntryType.Configuration, ConfigurationCodec.Encode(Alone))]);

    [Fact]
    public void Leads_in_the_first_tick_and_commits_when_its_own_flush_is_done()
    {
        var raft = Start();
        raft.Tick(new Instant(1));
        Assert.Equal(RaftRole.Leader, raft.Role);
        Assert.Equal(new Term(2), raft.Term);
        Assert.True(raft.Effects.HardStateChanged);
        Assert.Equal("me", raft.VotedFor);
        Assert.Equal(EntryType.Noop, Assert.Single(raft.Effects.Appends).Type);
        Assert.Equal(new LogIndex(0), raft.CommitIndex);
        Assert.False(raft.HoldsLease(new Instant(1)));

        raft.OnFlushed(new LogIndex(2), new Term(2));
        Assert.Equal(new LogIndex(2), raft.CommitIndex);
        Assert.True(raft.Effects.Committed);
        Assert.Equal(Instant.Never, raft.LeaseUntil);
        Assert.Equal(Instant.Never, raft.NextWake);
    }

    [Fact]
    public void Waits_for_its_timeout_when_told_to()
    {
        var raft = Start(new RaftConfig { ServerId = "me", SoleVoterCampaignsAtOnce = false });
        raft.Tick(raft.NextWake - TimeSpan.FromMilliseconds(1));
        Assert.Equal(RaftRole.Follower, raft.Role);
        raft.Tick(raft.NextWake);
        Assert.Equal(RaftRole.Leader, raft.Role);
    }

    [Fact]
    public void Proposal_is_committed_by_its_flush_and_not_by_a_flush_of_another_term()
    {
        var raft = Started();
        Assert.Equal(ProposeResult.Accepted, raft.Propose(EntryType.Command, new byte[] { 1 }, out var index));
        Assert.Equal(new LogIndex(3), index);
        raft.OnFlushed(index, new Term(1));
        Assert.Equal(new LogIndex(2), raft.CommitIndex);
        raft.OnFlushed(index, new Term(2));
        Assert.Equal(index, raft.CommitIndex);
    }

    [Fact]
    public void Read_index_is_granted_at_once_but_not_before_the_first_commit()
    {
        var raft = Start();
        raft.Tick(new Instant(1));
        raft.RequestRead(7);
        Assert.Empty(raft.Effects.Reads);
        raft.OnFlushed(new LogIndex(2), new Term(2));
        Assert.Equal([new ReadGranted(7, new LogIndex(2), true)], raft.Effects.Reads);
        raft.Effects.Clear();
        raft.RequestRead(8);
        Assert.Equal([new ReadGranted(8, new LogIndex(2), true)], raft.Effects.Reads);
    }

    [Fact]
    public void Proposals_are_refused_at_the_bound_and_accepted_again_behind_it()
    {
        var raft = Started(RaftConfig.ForDevelopment("me") with { UncommittedBytesMax = 1024 });
        Assert.Equal(ProposeResult.Accepted, raft.Propose(EntryType.Command, new byte[2000], out var large));
        Assert.Equal(ProposeResult.Overloaded, raft.Propose(EntryType.Command, new byte[1], out _));
        raft.OnFlushed(large, raft.Term);
        Assert.Equal(ProposeResult.Accepted, raft.Propose(EntryType.Command, new byte[1000], out _));
        Assert.Equal(ProposeResult.Overloaded, raft.Propose(EntryType.Command, new byte[100], out _));
    }

    [Fact]
    public void Applied_entries_leave_memory()
    {
        var raft = Started();
        for (int i = 0; i < 1000; i++)
        {
            raft.Propose(EntryType.Command, new byte[100], out var index);
            raft.Effects.Clear();
            raft.OnFlushed(index, raft.Term);
            raft.OnApplied(index);
        }
        Assert.Equal(0, raft.LogBytes);
        Assert.Equal(new LogIndex(1002), raft.CommitIndex);
    }

    [Fact]
    public void Proposing_and_committing_allocates_nothing()
    {
        var raft = Started();
        var data = new byte[100];
        const int Count = 200;
        int from = 0;
        Turns(raft, data, from, Count);
        Assert.Equal(0, Conclave.Tests.Allocation.Least(() => Turns(raft, data, from += Count, Count)));
    }

    [Fact]
    public void Server_without_a_configuration_waits()
    {
        var raft = Start(recovered: new RecoveredRaft(default, "", default, default, Configuration.Empty, default, []));
        for (int i = 0; i < 10; i++) raft.Tick(raft.NextWake);
        Assert.Equal(RaftRole.Follower, raft.Role);
        Assert.True(raft.Effects.IsEmpty);
    }

    [Fact]
    public void Restored_snapshot_leaves_a_hole_and_the_log_goes_on_behind_it()
    {
        var raft = Started();
        var index = raft.RestoreIndex(new LogIndex(585));
        Assert.Equal(new LogIndex(586), index);
        Assert.True(raft.OnRestored(index));
        Assert.Equal(new LogReset(index, raft.Term), raft.Effects.Reset);
        Assert.Equal(new LogIndex(587), Assert.Single(raft.Effects.Appends).Index);
        raft.OnFlushed(new LogIndex(587), raft.Term);
        Assert.Equal(new LogIndex(587), raft.CommitIndex);
    }

    private static void Turns(RaftCore raft, byte[] data, int from, int count)
    {
        for (int i = from; i < from + count; i++)
        {
            raft.Tick(new Instant(1_000_000 + i));
            raft.Propose(EntryType.Command, data, out var index);
            raft.Effects.Clear();
            raft.OnFlushed(index, raft.Term);
            raft.OnApplied(index);
            raft.Effects.Clear();
        }
    }

    private static RaftCore Started(RaftConfig? config = null)
    {
        var raft = Start(config);
        raft.Tick(new Instant(1));
        raft.OnFlushed(new LogIndex(2), new Term(2));
        raft.Effects.Clear();
        return raft;
    }
}
