using Conclave.Core;
using Conclave.Node.Forwarding;

namespace Conclave.Node.Tests.Forwarding;

public class RosterForwarderTests
{
    private const string A = "10.0.0.1:8300", B = "10.0.0.2:8300", C = "10.0.0.3:8300";

    private static readonly Instant s_start = new(1_000_000_000);
    private static readonly ForwardLimits s_limits = new();

    private readonly ServerRoster _roster = new(new Prng(7));
    private Instant _now = s_start;

    [Fact]
    public void An_agent_that_never_met_a_server_says_so_at_once() => AssertFails("No known Consul servers", Write().Next(_roster, _now));

    [Fact]
    public void When_all_servers_are_gone_a_request_waits_the_hold_time_for_one_to_come_back()
    {
        _roster.Update([A]);
        _roster.Update([]);
        var write = Write();
        var waiting = write.Next(_roster, _now);
        Assert.Equal((ForwardStep.Wait, s_start + s_limits.HoldTime), (waiting.Step, waiting.Until));
        _roster.Update([B]);
        Assert.Equal(B, write.Next(_roster, _now).Address);

        _roster.Update([]);
        AssertFails("No known Consul servers", Write().Next(_roster, s_start + s_limits.HoldTime));
    }

    [Fact]
    public void Each_server_is_tried_once_at_once_and_then_a_moment_passes()
    {
        _roster.Update([A, B, C]);
        var write = Write();
        var tried = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            tried.Add(write.Next(_roster, _now).Address);
            write.OnEnded(ForwardEnd.NotSent, "dial tcp: connection refused", _now);
            _roster.OnFailed(tried[^1]);
        }
        Assert.Equal([A, B, C], tried.Order());
        var pause = write.Next(_roster, _now);
        Assert.Equal(ForwardStep.Wait, pause.Step);
        Assert.InRange(pause.Until - _now, s_limits.PauseMin, s_limits.PauseMin + s_limits.HoldTime / 16);
        Assert.Equal(ForwardStep.Send, write.Next(_roster, pause.Until).Step);
    }

    [Fact]
    public void A_lost_read_goes_to_another_server_at_once_and_a_lost_write_nowhere()
    {
        _roster.Update([A, B]);
        var read = Read();
        string first = read.Next(_roster, _now).Address;
        read.OnEnded(ForwardEnd.Lost, "EOF", _now);
        string second = read.Next(_roster, _now).Address;
        Assert.Equal([A, B], new[] { first, second }.Order());

        var write = Write();
        write.Next(_roster, _now);
        AssertFails("rpc error making call: EOF", write.OnEnded(ForwardEnd.Lost, "EOF", _now));
    }

    [Fact]
    public void Without_a_leader_nobody_else_is_asked_before_a_moment_has_passed()
    {
        _roster.Update([A, B]);
        var write = Write();
        write.Next(_roster, _now);
        Assert.Equal(ForwardStep.Wait, write.OnEnded(ForwardEnd.Refused, "No cluster leader", _now).Step);
        var waiting = write.Next(_roster, _now);
        Assert.Equal(ForwardStep.Wait, waiting.Step);
        Assert.Equal(ForwardStep.Send, write.Next(_roster, waiting.Until).Step);
        AssertFails("No cluster leader", write.OnEnded(ForwardEnd.Refused, "No cluster leader", s_start + s_limits.HoldTime));
    }

    [Fact]
    public void Other_refusals_are_final_and_come_back_in_the_servers_words()
    {
        _roster.Update([A, B]);
        var read = Read();
        read.Next(_roster, _now);
        AssertFails("Permission denied", read.OnEnded(ForwardEnd.Refused, "Permission denied", _now));
    }

    [Fact]
    public void A_request_that_reached_nobody_says_why_when_its_time_is_over()
    {
        _roster.Update([A]);
        var write = Write();
        write.Next(_roster, _now);
        AssertFails("rpc error getting client: failed to get conn: dial tcp", write.OnEnded(ForwardEnd.NotSent, "dial tcp", s_start + s_limits.HoldTime));
    }

    [Fact]
    public void An_attempt_at_a_server_that_gossip_has_lost_is_given_up_a_write_after_a_moment()
    {
        _roster.Update([A]);
        var (read, write) = (Read(), Write());
        read.Next(_roster, _now);
        write.Next(_roster, _now);
        Assert.Equal(Instant.Never, read.GiveUpAt(_roster, _now));
        _roster.Update([B]);
        Assert.Equal(_now, read.GiveUpAt(_roster, _now));
        var end = write.GiveUpAt(_roster, _now);
        Assert.Equal(_now + s_limits.Grace, end);
        Assert.Equal(end, write.GiveUpAt(_roster, _now + TimeSpan.FromMilliseconds(1)));
        _roster.Update([A]);
        Assert.Equal(Instant.Never, write.GiveUpAt(_roster, _now));
    }

    [Fact]
    public void Known_servers_keep_their_places_and_a_failed_one_goes_to_the_end()
    {
        _roster.Update([A, B]);
        string preferred = _roster.Servers[0];
        Assert.True(_roster.Update([A, B, C]));
        Assert.False(_roster.Update([C, B, A]));
        Assert.Equal([A, B, C], _roster.Servers.Order());
        _roster.Update([A, B]);
        Assert.Equal(preferred, _roster.Servers[0]);
        _roster.OnFailed(preferred);
        Assert.Equal(preferred, _roster.Servers[^1]);
        _roster.OnFailed(preferred);                                   // it is not the first one any more: somebody else has said so already
        Assert.Equal(preferred, _roster.Servers[^1]);
    }

    private RosterForwarder Read() => new(s_limits, isRepeatable: true, _now, new Prng(1));

    private RosterForwarder Write() => new(s_limits, isRepeatable: false, _now, new Prng(1));

    private static void AssertFails(string error, ForwardDecision decision) => Assert.Equal((ForwardStep.Fail, error), (decision.Step, decision.Error));
}
