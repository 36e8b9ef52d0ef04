using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>Time in which this process did not run is nobody else's fault.</summary>
public sealed class PauseTests
{
    private readonly SwimNet _net = new();

    [Theory]
    [InlineData(0.7)]
    [InlineData(3)]
    [InlineData(60)]
    [InlineData(3600)]
    public void A_paused_process_accuses_nobody_when_it_goes_on(double seconds)
    {
        var hosts = _net.AddPool(5);
        for (int i = 0; i < 20; i++)
        {
            _net.Pause(hosts[0]);
            _net.Run(TimeSpan.FromSeconds(seconds));
            _net.Continue(hosts[0]);
            _net.Run(TimeSpan.FromMilliseconds(730));
        }
        _net.Run(TimeSpan.FromSeconds(30));
        Assert.Equal(0, hosts[0].Core.Numbers.ProbesFailed);
        Assert.DoesNotContain(hosts[0].Told, t => t.StartsWith("dead", StringComparison.Ordinal));
        Assert.True(hosts[0].Core.Numbers.Pauses >= 10);
    }

    [Fact]
    public void A_running_suspicion_lasts_longer_by_the_pause()
    {
        var a = _net.Add("a");
        _net.Give(a, SwimMessages.Alive("b", SwimNet.EndpointOf(70), 1));
        _net.Give(a, SwimMessages.Suspect("b", 1, "c"));
        _net.Run(TimeSpan.FromSeconds(3));
        _net.Pause(a);
        _net.Run(TimeSpan.FromSeconds(100));
        _net.Continue(a);
        _net.Run(TimeSpan.FromMilliseconds(300));
        Assert.Equal(SwimState.Suspect, a.StateOf("b"));
        _net.Run(TimeSpan.FromSeconds(2));
        Assert.Equal(SwimState.Dead, a.StateOf("b"));
    }

    [Fact]
    public void A_pause_costs_health_and_answers_bring_it_back()
    {
        var hosts = _net.AddPool(3);
        _net.Pause(hosts[0]);
        _net.Run(TimeSpan.FromSeconds(3));
        _net.Continue(hosts[0]);
        Assert.True(hosts[0].Core.HealthScore >= 1);
        Assert.True(_net.RunUntil(() => hosts[0].Core.HealthScore == 0, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void A_probe_under_way_starts_anew_and_its_old_answer_still_counts()
    {
        var hosts = _net.AddPool(2);
        hosts[0].Told.Clear();
        _net.LosesPacket = (_, to) => to == hosts[0];
        _net.Packets.Clear();
        Assert.True(_net.RunUntil(() => _net.Packets.Any(p => p.From == hosts[0] && p.Bytes[0] == 0), TimeSpan.FromSeconds(2)));
        int pings = _net.Packets.Count(p => p.From == hosts[0]);
        _net.Pause(hosts[0]);
        _net.Run(TimeSpan.FromSeconds(5));
        _net.LosesPacket = (_, _) => false;
        _net.Continue(hosts[0]);
        _net.Run(TimeSpan.FromMilliseconds(20));
        Assert.True(_net.Packets.Count(p => p.From == hosts[0]) > pings);
        Assert.Equal(0, hosts[0].Core.Numbers.ProbesFailed);
        // How long the answer took is not known, so it is not told.
        Assert.DoesNotContain(hosts[0].Told, t => t.StartsWith("probed", StringComparison.Ordinal));
    }

    [Fact]
    public void A_probe_begun_anew_goes_all_its_way_when_nobody_answers()
    {
        var hosts = _net.AddPool(3);
        _net.Stop(hosts[2]);
        for (int i = 0; i < 10; i++)
        {
            _net.Run(TimeSpan.FromMilliseconds(900));
            _net.Pause(hosts[0]);
            _net.Run(TimeSpan.FromSeconds(2));
            _net.Continue(hosts[0]);
        }
        Assert.True(_net.RunUntil(() => hosts[..2].All(h => h.StateOf("c") == SwimState.Dead), TimeSpan.FromSeconds(30)));
        Assert.Equal(2, hosts[0].Core.AliveCount);
    }

    [Theory]
    [InlineData(130)]
    [InlineData(600)]
    public void A_process_that_is_always_late_still_finds_out_who_is_gone(int lateMilliseconds)
    {
        var a = _net.Add("a");
        _net.Give(a, SwimMessages.Alive("b", SwimNet.EndpointOf(70), 1));
        var now = _net.Now;
        for (int turns = 0; turns < 2000 && a.StateOf("b") != SwimState.Dead; turns++)
        {
            var due = a.Core.NextWake;
            if (due > now) now = due;
            now += TimeSpan.FromMilliseconds(turns % 2 == 0 ? lateMilliseconds : 1);
            a.Core.Tick(now);
            a.Outbox.Clear();
        }
        Assert.Equal(SwimState.Dead, a.StateOf("b"));
    }

    [Fact]
    public void What_waited_in_the_socket_is_heard_before_a_late_timer_accuses()
    {
        var hosts = _net.AddPool(2);
        _net.LosesPacket = (from, _) => from == hosts[1];
        _net.RefusesStream = (_, _) => true;
        _net.Packets.Clear();
        Assert.True(_net.RunUntil(() => _net.Packets.Any(p => p.From == hosts[0] && p.Bytes[0] == 0), TimeSpan.FromSeconds(2)));
        _net.Run(TimeSpan.FromMilliseconds(900));
        _net.LosesPacket = (_, _) => false;
        var ping = _net.Packets.First(p => p.From == hosts[0] && p.Bytes[0] == 0).Bytes;
        uint sequence = uint.Parse(SwimMessages.Read(ping)[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        var late = _net.Now + TimeSpan.FromMilliseconds(400);
        hosts[0].Core.Tick(late);
        hosts[0].Core.OnDatagram(hosts[1].Endpoint, SwimMessages.Ack(sequence));
        hosts[0].Core.Tick(late);
        Assert.Equal(SwimState.Alive, hosts[0].StateOf("b"));
        Assert.Equal(0, hosts[0].Core.Numbers.ProbesFailed);
    }

    [Fact]
    public void A_timer_a_little_late_is_no_pause()
    {
        var a = _net.Add("a");
        for (int i = 0; i < 50; i++)
        {
            a.Core.Tick(a.Core.NextWake + TimeSpan.FromMilliseconds(50));
            a.Outbox.Clear();
        }
        Assert.Equal(0, a.Core.Numbers.Pauses);
    }

    [Fact]
    public void A_clock_that_goes_back_is_not_followed()
    {
        var a = _net.Add("a");
        var wake = a.Core.NextWake;
        a.Core.Tick(_net.Now - TimeSpan.FromSeconds(1));
        Assert.Equal(wake, a.Core.NextWake);
    }
}
