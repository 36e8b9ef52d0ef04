using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>Servers that an operator's list has brought back: whoever knows most leads, and nobody stays behind.</summary>
public class RecoveryTests
{
    private static readonly Instant s_start = new(1_000_000_000);
    private static readonly Term s_term = new(1_000_000), s_later = new(1_000_001);
    private static readonly Configuration s_three = new([Cluster.Member("s1"), Cluster.Member("s2"), Cluster.Member("s3")]);

    private Instant _now = s_start;

    [Theory]
    [InlineData(0, 1_000_000)]
    [InlineData(7, 1_000_000)]
    [InlineData(499_999, 1_000_000)]
    [InlineData(500_000, 2_000_000)]
    [InlineData(1_000_003, 2_000_000)]
    [InlineData(ulong.MaxValue / 2, ulong.MaxValue / 2)]
    public void The_term_behind_a_recovery_is_round_and_far_above(ulong before, ulong first) => Assert.Equal(first, Recovery.FirstTerm(new Term(before)).Value);

    [Fact]
    public void Terms_from_before_and_behind_a_recovery_do_not_meet_when_servers_knew_different_ones()
    {
        for (ulong mine = 0; mine < 3_000_000; mine += 12_345)
            for (ulong apart = 0; apart <= 250_000; apart += 50_000)
            {
                var (low, high) = (new Term(mine), new Term(mine + apart));
                Assert.True(Recovery.LastOldTerm(low) >= high && Recovery.LastOldTerm(high) < Recovery.FirstTerm(low).Next);
            }
    }

    [Fact]
    public void A_majority_is_not_enough_while_a_listed_voter_may_still_come()
    {
        var core = Start(9);
        var term = PassToCampaign(core);
        Answer(core, "s2", term);
        Assert.NotEqual(RaftRole.Leader, core.Role);
        Answer(core, "s3", term);
        Answer(core, "s2", core.Term);
        Assert.NotEqual(RaftRole.Leader, core.Role);
        Answer(core, "s3", core.Term);
        Assert.Equal(RaftRole.Leader, core.Role);
    }

    [Fact]
    public void A_majority_is_enough_when_the_rest_did_not_come_in_time()
    {
        var core = Start(9);
        Pass(core, TimeSpan.FromSeconds(9));
        Hear(core, "s2", 5);
        Pass(core, TimeSpan.FromSeconds(9));                    // a server that comes renews the time for the others
        Answer(core, "s2", PassToCampaign(core));
        Assert.NotEqual(RaftRole.Leader, core.Role);
        Pass(core, TimeSpan.FromSeconds(2));
        Answer(core, "s2", PassToCampaign(core));
        Answer(core, "s2", core.Term);
        Assert.Equal(RaftRole.Leader, core.Role);
    }

    [Fact]
    public void A_voter_that_is_there_is_waited_for_longer_but_not_for_ever()
    {
        var core = Start(9);
        Hear(core, "s2", 5);
        Hear(core, "s3", 5);
        for (var end = _now + TimeSpan.FromSeconds(75); _now < end;)
        {
            Hear(core, "s3", 5);
            Answer(core, "s2", PassToCampaign(core));
            Answer(core, "s2", core.Term);
            Assert.True(_now > s_start + TimeSpan.FromSeconds(60) || core.Role != RaftRole.Leader);
            if (core.Role == RaftRole.Leader) return;
        }
        Assert.Fail("nobody was elected");
    }

    [Fact]
    public void Who_has_heard_a_better_log_does_not_campaign()
    {
        var core = Start(9);
        Hear(core, "s3", 12);
        Pass(core, TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(core.Effects.Messages, sent => sent.Message.Kind == RaftMessageKind.PreVote);
        PassToCampaign(core);                                   // it is silent for long
    }

    [Fact]
    public void The_only_voter_leads_at_once_also_when_others_are_listed()
    {
        var core = Start(9, new Configuration([Cluster.Member("s1"), Cluster.Member("s2", Suffrage.Nonvoter)]));
        Pass(core, TimeSpan.FromSeconds(2));
        Assert.Equal(RaftRole.Leader, core.Role);
        Flush(core);
        Assert.False(core.IsRecovering);
    }

    [Fact]
    public void A_leader_tells_no_commit_before_it_has_counted_one()
    {
        var core = Lead(9);
        Pass(core, TimeSpan.FromSeconds(0.2));
        Assert.All(core.Effects.Messages.Where(sent => sent.Message is { Kind: RaftMessageKind.Append, Heartbeat: false }), sent => Assert.Equal(default, sent.Message.Commit));
        Assert.True(core.IsRecovering);
    }

    [Theory]
    [InlineData(9, 2, new ulong[] { })]                        // another entry where the recovered log ends
    [InlineData(7, 2, new ulong[] { 2, 3 })]
    [InlineData(7, 2, new ulong[] { 1_000_001 })]              // a new entry before its end
    [InlineData(8, 1_000_001, new ulong[] { })]
    public void A_log_that_the_leader_contradicts_is_given_up(ulong previous, ulong previousTerm, ulong[] terms)
    {
        var core = Start(9, lastTerm: previous == 9 ? 4UL : 2UL);
        Append(core, previous, previousTerm, terms);
        var reply = core.Effects.Messages[^1].Message;
        Assert.Equal((false, 0UL), (reply.Success, reply.LogIndex.Value));
        Assert.True(core.MustGiveWay);

        core.GiveWay();
        Assert.Equal((0UL, 0UL, new LogReset()), (core.LastIndex.Value, core.CommitIndex.Value, core.Effects.Reset!.Value));
        Append(core, 0, 0, [1]);
        Assert.False(core.Effects.Messages[^1].Message.Success);    // what it had is still on the disk
        core.OnGaveWay();
        Append(core, 0, 0, [1, 2, 1_000_001], commit: 3);
        Assert.True(core.Effects.Messages[^1].Message.Success);
        Assert.Equal((3UL, 3UL, false), (core.LastIndex.Value, core.CommitIndex.Value, core.IsRecovering));
    }

    [Theory]
    [InlineData(9, 2, new ulong[] { 1_000_001 })]              // goes on where it ends
    [InlineData(7, 2, new ulong[] { 2, 2, 1_000_001 })]
    [InlineData(6, 2, new ulong[] { 2 })]                      // nothing that is known
    public void A_log_that_goes_on_behind_what_was_recovered_is_taken(ulong previous, ulong previousTerm, ulong[] terms)
    {
        var core = Start(9);
        Append(core, previous, previousTerm, terms);
        Assert.True(core.Effects.Messages[^1].Message.Success);
        Assert.False(core.MustGiveWay);
        Assert.True(core.IsRecovering);
    }

    [Fact]
    public void A_snapshot_of_the_new_time_that_is_older_than_what_was_recovered_is_awaited_by_an_empty_server()
    {
        var core = Start(9);
        var offer = new RaftMessage { Kind = RaftMessageKind.Snapshot, From = "s2", To = "s1", Term = s_later, RequestId = 1, LogIndex = new LogIndex(8), LogTerm = s_later };
        Assert.False(core.OfferSnapshot(offer));
        Assert.False(core.Effects.Messages[^1].Message.Success);
        Assert.True(core.MustGiveWay);
        core.GiveWay();
        core.OnGaveWay();
        Assert.True(core.OfferSnapshot(offer));
        core.OnSnapshotInstalled(offer, new LogReset(new LogIndex(8), s_later), s_three, new LogIndex(1));
        Assert.Equal((8UL, false), (core.CommitIndex.Value, core.IsRecovering));
    }

    [Fact]
    public void Once_something_is_committed_behind_the_recovery_nothing_is_given_up_any_more()
    {
        var core = Start(9);
        Append(core, 9, 2, [1_000_001], commit: 10);
        Assert.False(core.IsRecovering);
        Append(core, 8, 1_000_001, []);
        Assert.False(core.MustGiveWay);
    }

    private RaftCore Start(ulong lastIndex, Configuration? servers = null, ulong lastTerm = 2)
    {
        servers ??= s_three;
        var recovered = new RecoveredRaft(s_term, "", new LogIndex(lastIndex), new Term(lastTerm), servers, new LogIndex(1), [], new Recovery(new Term(250_002), servers));
        var core = new RaftCore(new RaftConfig { ServerId = "s1" }, recovered, new Prng(1), _now);
        core.Effects.Clear();
        return core;
    }

    private RaftCore Lead(ulong lastIndex)
    {
        var core = Start(lastIndex);
        var term = PassToCampaign(core);
        Answer(core, "s2", term);
        Answer(core, "s3", term);
        Answer(core, "s2", core.Term);
        Answer(core, "s3", core.Term);
        Assert.Equal(RaftRole.Leader, core.Role);
        return core;
    }

    private void Pass(RaftCore core, TimeSpan time)
    {
        for (var end = _now + time; _now < end;) core.Tick(_now += TimeSpan.FromMilliseconds(10));
    }

    // Until it asks for votes; the term that it asks for.
    private Term PassToCampaign(RaftCore core)
    {
        core.Effects.Clear();
        for (int i = 0; i < 2000; i++)
        {
            core.Tick(_now += TimeSpan.FromMilliseconds(10));
            if (core.Effects.Messages.Exists(sent => sent.Message.Kind == RaftMessageKind.PreVote)) return core.Term.Next;
        }
        Assert.Fail("it does not campaign");
        return default;
    }

    // Both kinds: only the one that is awaited counts.
    private static void Answer(RaftCore core, string from, Term term)
    {
        var kind = term > core.Term ? RaftMessageKind.PreVoteReply : RaftMessageKind.VoteReply;
        core.Step(new RaftMessage { Kind = kind, From = from, To = "s1", Term = term, Success = true });
    }

    private static void Hear(RaftCore core, string from, ulong lastIndex) =>
        core.Step(new RaftMessage { Kind = RaftMessageKind.PreVote, From = from, To = "s1", Term = s_term, LogIndex = new LogIndex(lastIndex), LogTerm = new Term(2) });

    private static void Append(RaftCore core, ulong previous, ulong previousTerm, ulong[] terms, ulong commit = 0)
    {
        var entries = new LogEntry[terms.Length];
        for (int i = 0; i < terms.Length; i++) entries[i] = new LogEntry(new LogIndex(previous + (ulong)i + 1), new Term(terms[i]), EntryType.Noop, default);
        core.Step(new RaftMessage
        {
            Kind = RaftMessageKind.Append, From = "s2", To = "s1", Term = s_later, RequestId = 1, LogIndex = new LogIndex(previous), LogTerm = new Term(previousTerm), Entries = entries, Commit = new LogIndex(commit),
        });
    }

    private static void Flush(RaftCore core) => core.OnFlushed(core.LastIndex, core.LastTerm);
}
