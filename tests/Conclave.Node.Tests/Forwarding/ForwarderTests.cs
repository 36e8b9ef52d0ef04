using Conclave.Core;
using Conclave.Node.Forwarding;
using Conclave.Tests;

namespace Conclave.Node.Tests.Forwarding;

public class ForwarderTests
{
    private static readonly Instant s_start = new(1_000_000_000);
    private static readonly ForwardLimits s_limits = new();
    private static readonly ClusterStatus s_nobody = new(IsLeader: false, "", "", 1, []);
    private static readonly ClusterStatus s_first = new(IsLeader: false, "10.0.0.1:8300", "a", 2, []);
    private static readonly ClusterStatus s_second = new(IsLeader: false, "10.0.0.2:8300", "b", 3, []);
    private static readonly ClusterStatus s_self = new(IsLeader: true, "10.0.0.9:8300", "self", 3, []);

    private Instant _now = s_start;

    [Fact]
    public void A_leader_serves_here_and_others_send_to_the_leader()
    {
        Assert.Equal(ForwardStep.Serve, Write().Next(s_self, _now).Step);
        var sent = Write().Next(s_first, _now);
        Assert.Equal((ForwardStep.Send, "10.0.0.1:8300"), (sent.Step, sent.Address));
    }

    [Fact]
    public void Without_a_leader_a_request_waits_the_hold_time_and_fails_then()
    {
        var write = Write();
        var waiting = write.Next(s_nobody, _now);
        Assert.Equal((ForwardStep.Wait, s_start + s_limits.HoldTime), (waiting.Step, waiting.Until));
        _now = waiting.Until;
        AssertFails("No cluster leader", write.Next(s_nobody, _now));
    }

    [Fact]
    public void A_leader_that_appears_while_a_request_waits_gets_it_at_once()
    {
        var write = Write();
        write.Next(s_nobody, _now);
        _now += TimeSpan.FromMilliseconds(1);
        Assert.Equal(ForwardStep.Send, write.Next(s_second, _now).Step);
    }

    [Fact]
    public void What_certainly_was_not_carried_out_is_tried_again_after_a_pause()
    {
        foreach (var (end, text) in new[] { (ForwardEnd.NotSent, "dial"), (ForwardEnd.Refused, "No cluster leader"), (ForwardEnd.Refused, "node is not the leader") })
        {
            var write = Write();
            write.Next(s_first, _now);
            var pause = write.OnEnded(end, text, _now);
            Assert.Equal(ForwardStep.Wait, pause.Step);
            Assert.True(pause.Until >= _now + s_limits.PauseMin && pause.Until <= _now + s_limits.PauseMax, $"{pause.Until}");
            Assert.Equal(ForwardStep.Wait, write.Next(s_first, _now).Step);
            Assert.Equal(ForwardStep.Send, write.Next(s_first, pause.Until).Step);
        }
    }

    [Fact]
    public void Another_leader_is_tried_without_a_pause()
    {
        var write = Write();
        write.Next(s_first, _now);
        write.OnEnded(ForwardEnd.NotSent, "dial", _now);
        Assert.Equal("10.0.0.2:8300", write.Next(s_second, _now).Address);
        write.OnEnded(ForwardEnd.Refused, "No cluster leader", _now);
        Assert.Equal(ForwardStep.Serve, write.Next(s_self, _now).Step);
    }

    [Fact]
    public void A_write_that_may_have_been_carried_out_is_never_tried_again()
    {
        foreach (var (end, text) in new[] { (ForwardEnd.Lost, "EOF"), (ForwardEnd.Refused, "leadership lost while committing log"), (ForwardEnd.Refused, "raft is already shutdown"), (ForwardEnd.Refused, "timed out enqueuing operation") })
        {
            var write = Write();
            write.Next(s_first, _now);
            AssertFails(end == ForwardEnd.Lost ? "rpc error making call: " + text : text, write.OnEnded(end, text, _now));
        }
        var here = Write();
        here.Next(s_self, _now);
        AssertFails("leadership lost while committing log", here.OnEnded(ForwardEnd.Refused, "leadership lost while committing log", _now));
    }

    [Fact]
    public void What_may_be_repeated_is_tried_again_when_it_was_lost_but_not_when_it_was_refused()
    {
        var read = Read();
        read.Next(s_first, _now);
        Assert.Equal(ForwardStep.Wait, read.OnEnded(ForwardEnd.Lost, "EOF", _now).Step);
        read.Next(s_second, _now);
        Assert.Equal(ForwardStep.Wait, read.OnEnded(ForwardEnd.Refused, "leadership lost while committing log", _now).Step);
        read.Next(s_first, _now += s_limits.PauseMax);
        AssertFails("Permission denied", read.OnEnded(ForwardEnd.Refused, "Permission denied", _now));
    }

    [Fact]
    public void Attempts_end_with_the_hold_time()
    {
        var write = Write();
        write.Next(s_first, _now);
        _now = s_start + s_limits.HoldTime;
        AssertFails("No cluster leader", write.OnEnded(ForwardEnd.NotSent, "dial", _now));

        _now = s_start;
        var late = Write();
        late.Next(s_first, s_start);
        var pause = late.OnEnded(ForwardEnd.NotSent, "dial", s_start + s_limits.HoldTime - TimeSpan.FromTicks(1));
        Assert.Equal(s_start + s_limits.HoldTime, pause.Until);
    }

    [Fact]
    public void An_attempt_at_a_server_that_leads_no_more_gets_a_moment_and_is_given_up()
    {
        var write = Write();
        write.Next(s_first, _now);
        Assert.Equal(Instant.Never, write.GiveUpAt(s_first, _now));
        Assert.Equal(Instant.Never, write.GiveUpAt(s_nobody, _now));
        var end = write.GiveUpAt(s_second, _now);
        Assert.Equal(_now + s_limits.Grace, end);
        Assert.Equal(end, write.GiveUpAt(s_second, _now + TimeSpan.FromMilliseconds(100)));
        Assert.Equal(Instant.Never, write.GiveUpAt(s_first, _now));

        var read = Read();
        read.Next(s_first, _now);
        Assert.Equal(_now, read.GiveUpAt(s_self, _now));
    }

    // A cluster whose leader changes by chance, in virtual time: whatever happens, a write is carried out at most once, and a request ends within its hold time
    // or with the attempt that was under way then.
    [Fact]
    public void Nothing_is_carried_out_twice_and_everything_ends_in_time() => Property.Check<int>(seed =>
    {
        var random = new Random(seed);
        var now = s_start;
        bool isRead = random.Next(2) == 0;
        var forwarder = new Forwarder(s_limits, isRead, now, new Prng((ulong)seed));
        int carriedOut = 0;
        for (int step = 0; step < 10_000; step++)
        {
            var status = random.Next(4) switch { 0 => s_nobody, 1 => s_first, 2 => s_second, _ => s_self };
            var decision = forwarder.Next(status, now);
            if (decision.Step is ForwardStep.Serve or ForwardStep.Send)
            {
                now += TimeSpan.FromMilliseconds(random.Next(50));
                bool isRemote = decision.Step == ForwardStep.Send;
                switch (random.Next(6))
                {
                    case 0:
                        return isRead || ++carriedOut == 1;
                    case 1 when isRemote:
                        carriedOut += random.Next(2);                  // carried out or not, the answer got lost
                        decision = forwarder.OnEnded(ForwardEnd.Lost, "EOF", now);
                        break;
                    case 2:
                        carriedOut += random.Next(2);
                        decision = forwarder.OnEnded(ForwardEnd.Refused, "leadership lost while committing log", now);
                        break;
                    case 3 when isRemote:
                        decision = forwarder.OnEnded(ForwardEnd.NotSent, "dial", now);
                        break;
                    default:
                        decision = forwarder.OnEnded(ForwardEnd.Refused, "No cluster leader", now);
                        break;
                }
            }
            else if (decision.Step == ForwardStep.Wait)
            {
                Assert.True(decision.Until > now && decision.Until <= s_start + s_limits.HoldTime);
                now = random.Next(2) == 0 ? decision.Until : now + TimeSpan.FromTicks((decision.Until - now).Ticks / 2 + 1);
            }
            if (decision.Step != ForwardStep.Fail) continue;
            return (isRead || carriedOut <= 1) && now <= s_start + s_limits.HoldTime + TimeSpan.FromMilliseconds(50);
        }
        return false;
    }, runs: 1000);

    private Forwarder Write() => new(s_limits, isRepeatable: false, _now, new Prng(1));

    private Forwarder Read() => new(s_limits, isRepeatable: true, _now, new Prng(1));

    private static void AssertFails(string text, ForwardDecision decision) => Assert.Equal((ForwardStep.Fail, text), (decision.Step, decision.Error));
}
