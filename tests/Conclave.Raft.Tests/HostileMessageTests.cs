using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>Whatever a peer sends, the core survives it: no exception, no entry that is committed changes, nothing grows without bound.</summary>
public class HostileMessageTests
{
    [Theory]
    [InlineData(RaftRole.Follower)]
    [InlineData(RaftRole.Candidate)]
    [InlineData(RaftRole.Leader)]
    public void Any_message_is_survived(RaftRole role)
    {
        for (ulong seed = 1; seed <= 150; seed++)
        {
            var random = new Prng(seed);
            var core = Begin(role, seed);
            for (int i = 0; i < 200; i++)
            {
                var committed = core.CommitIndex;
                var term = core.Term;
                var message = Message(random);
                if (message.Kind == RaftMessageKind.Snapshot) core.OfferSnapshot(message);
                else core.Step(message);
                if (random.Next(5) == 0) core.Tick(core.NextWake);
                Assert.True(core.CommitIndex >= committed && core.Term >= term && core.LastIndex >= core.CommitIndex);
                Assert.True(core.Effects.Messages.Count < 100);
                if (core.Effects.Appends.Count > 0 && random.Next(2) == 0) core.OnFlushed(core.LastIndex, core.LastTerm);
                core.Effects.Clear();
            }
        }
    }

    [Fact]
    public void Term_that_leaves_no_room_is_ignored()
    {
        var core = Begin(RaftRole.Follower, 1);
        core.Step(new RaftMessage { Kind = RaftMessageKind.Vote, From = "s2", To = "s1", Term = new Term(ulong.MaxValue), LogIndex = new LogIndex(9), LogTerm = new Term(9) });
        Assert.Equal(new Term(1), core.Term);
        Assert.True(core.Effects.IsEmpty);
    }

    [Fact]
    public void Entries_with_a_gap_are_refused()
    {
        var core = Begin(RaftRole.Follower, 1);
        core.Step(new RaftMessage
        {
            Kind = RaftMessageKind.Append, From = "s2", To = "s1", Term = new Term(2), LogIndex = new LogIndex(1), LogTerm = new Term(1),
            Entries = new LogEntry[] { new(new LogIndex(2), new Term(2), EntryType.Noop, default), new(new LogIndex(4), new Term(2), EntryType.Noop, default) },
        });
        Assert.Equal(new LogIndex(1), core.LastIndex);
        Assert.False(Assert.Single(core.Effects.Messages).Message.Success);
    }

    [Fact]
    public void Heartbeat_is_not_read_as_nothing_before_index_0()
    {
        var core = Begin(RaftRole.Follower, 1);
        core.Step(new RaftMessage { Kind = RaftMessageKind.Append, From = "s2", To = "s1", Term = new Term(2), Heartbeat = true });
        Assert.Equal(new LogIndex(1), core.LastIndex);
        Assert.True(Assert.Single(core.Effects.Messages).Message.Success);
    }

    private static RaftCore Begin(RaftRole role, ulong seed)
    {
        var configuration = new Configuration([Cluster.Member("s1"), Cluster.Member("s2"), Cluster.Member("s3")]);
        LogEntry first = new(new LogIndex(1), new Term(1), EntryType.Configuration, ConfigurationCodec.Encode(configuration));
        var core = new RaftCore(new RaftConfig { ServerId = "s1" }, new RecoveredRaft(new Term(1), "", default, default, Configuration.Empty, default, [first]), new Prng(seed), new Instant(0));
        if (role == RaftRole.Follower) return core;
        core.Tick(core.NextWake);
        core.Step(new RaftMessage { Kind = RaftMessageKind.PreVoteReply, From = "s2", To = "s1", Term = new Term(2), Success = true });
        Assert.Equal(RaftRole.Candidate, core.Role);
        if (role == RaftRole.Leader) core.Step(new RaftMessage { Kind = RaftMessageKind.VoteReply, From = "s2", To = "s1", Term = new Term(2), Success = true });
        Assert.Equal(role, core.Role);
        core.Effects.Clear();
        return core;
    }

    private static RaftMessage Message(Prng random) => new()
    {
        Kind = (RaftMessageKind)random.Next(9),
        From = "s" + (1 + random.Next(5)),
        To = "s1",
        Term = new Term(Number(random)),
        RequestId = Number(random),
        LogIndex = new LogIndex(Number(random)),
        LogTerm = new Term(Number(random)),
        Commit = new LogIndex(Number(random)),
        Entries = Entries(random),
        Success = random.Next(2) == 0,
        Heartbeat = random.Next(4) == 0,
        NoRetryBackoff = random.Next(2) == 0,
        LeadershipTransfer = random.Next(4) == 0,
    };

    private static ulong Number(Prng random) => random.Next(20) switch
    {
        0 => ulong.MaxValue,
        1 => ulong.MaxValue - (ulong)random.Next(3),
        2 => random.NextUInt64(),
        _ => (ulong)random.Next(6),
    };

    private static LogEntry[] Entries(Prng random)
    {
        var entries = new LogEntry[random.Next(4)];
        ulong index = Number(random), term = (ulong)random.Next(4);
        for (int i = 0; i < entries.Length; i++)
        {
            var type = (EntryType)(random.Next(5) == 0 ? 5 : random.Next(8));
            byte[] data = random.Next(2) == 0 ? ConfigurationCodec.Encode(new Configuration([Cluster.Member("s1"), Cluster.Member("s2")])) : [1, 2, 3];
            entries[i] = new LogEntry(new LogIndex(unchecked(index + (ulong)i)), new Term(term), type, data);
            if (random.Next(4) == 0) term++;
        }
        return entries;
    }
}
