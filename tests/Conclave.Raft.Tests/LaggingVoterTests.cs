using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>A voter that lagged when the voters changed knows neither the new ones nor that it needs them.</summary>
public class LaggingVoterTests
{
    private static readonly Instant s_start = new(1_000_000_000);

    [Theory]
    [InlineData(9, 2, true)]           // a longer log
    [InlineData(2, 3, true)]           // a newer one
    [InlineData(1, 1, false)]          // the same: in it the candidate is no voter
    [InlineData(0, 0, false)]
    public void A_candidate_that_it_does_not_know_is_heard_if_its_log_goes_beyond_its_own(ulong lastIndex, ulong lastTerm, bool granted)
    {
        var core = Start();
        core.Tick(s_start + TimeSpan.FromSeconds(1));                      // nobody leads any more
        core.Step(new RaftMessage { Kind = RaftMessageKind.Vote, From = "s9", To = "s1", Term = new Term(7), LogIndex = new LogIndex(lastIndex), LogTerm = new Term(lastTerm) });
        var reply = core.Effects.Messages.Last(sent => sent.Message.Kind == RaftMessageKind.VoteReply).Message;
        Assert.Equal(granted, reply.Success);
        Assert.Equal(granted ? "s9" : "", core.VotedFor);
    }

    private static RaftCore Start()
    {
        var configuration = new Configuration([Cluster.Member("s1"), Cluster.Member("s2"), Cluster.Member("s3")]);
        var entry = new LogEntry(new LogIndex(1), new Term(1), EntryType.Configuration, ConfigurationCodec.Encode(configuration));
        var core = new RaftCore(new RaftConfig { ServerId = "s1" }, new RecoveredRaft(new Term(1), "", default, default, Configuration.Empty, default, [entry]), new Prng(1), s_start);
        core.Effects.Clear();
        return core;
    }
}
