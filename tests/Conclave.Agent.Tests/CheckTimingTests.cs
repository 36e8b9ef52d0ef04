using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Agent.Tests;

public sealed class CheckTimingTests
{
    private readonly AgentFixture _agent = new();

    [Fact]
    public void Ttl_check_expires_with_the_last_output_in_its_text()
    {
        _agent.Register(Ttl(3));
        _agent.Report("c", HealthStatus.Passing, "fine");
        _agent.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HealthStatus.Passing, _agent.Check("c").Status);
        _agent.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((HealthStatus.Critical, "TTL expired (last output before timeout follows): fine"), (_agent.Check("c").Status, _agent.Check("c").Output));
        Assert.Equal(HealthStatus.Critical, _agent.Catalog.Checks["c"].Status);
    }

    [Fact]
    public void Reports_keep_a_ttl_check_alive_and_bring_it_back()
    {
        _agent.Register(Ttl(6));
        for (int i = 0; i < 5; i++)
        {
            _agent.Report("c", HealthStatus.Passing);
            _agent.Advance(TimeSpan.FromSeconds(5));
        }
        Assert.Equal(HealthStatus.Passing, _agent.Check("c").Status);
        _agent.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("TTL expired", _agent.Check("c").Output);
        _agent.Report("c", HealthStatus.Warning, "hm");
        Assert.Equal(HealthStatus.Warning, _agent.Check("c").Status);
        _agent.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(HealthStatus.Critical, _agent.Check("c").Status);
    }

    [Fact]
    public void Reports_of_unknown_and_other_checks_are_refused()
    {
        _agent.Register(new CheckDefinition { Name = "tcp", Tcp = "127.0.0.1:1", Interval = TimeSpan.FromSeconds(1) });
        foreach (string id in (string[])["none", "tcp", ""])
            Assert.Equal(AgentOutcome.Failed($"CheckID \"{id}\" does not have associated TTL"), _agent.Core.UpdateTtlCheck(id, HealthStatus.Passing, "", _agent.Now));
    }

    [Fact]
    public void A_repeated_report_writes_nothing_and_allocates_nothing()
    {
        _agent.Register(Ttl(60));
        _agent.Report("c", HealthStatus.Passing, "ok");
        int writes = _agent.Writes;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) _agent.Core.UpdateTtlCheck("c", HealthStatus.Passing, "ok", _agent.Now);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1000, "reports allocate");
        _agent.Settle();
        Assert.Equal(writes, _agent.Writes);
    }

    [Fact]
    public void Long_output_is_cut_with_a_note()
    {
        _agent.Register(Ttl(60));
        _agent.Report("c", HealthStatus.Passing, new string('x', 5000));
        Assert.Equal(new string('x', 4096) + " ... (captured 4096 of 5000 bytes)", _agent.Check("c").Output);
        Assert.Equal("abé ... (captured 4 of 6 bytes)", CheckOutput.Cut("abéé", 5));
    }

    [Fact]
    public void Runs_start_within_the_first_interval_and_follow_each_result_after_an_interval()
    {
        _agent.Register(new CheckDefinition { Name = "tcp", Tcp = "127.0.0.1:1", Interval = TimeSpan.FromSeconds(10) });
        _agent.Advance(TimeSpan.FromSeconds(10));
        var run = Assert.IsType<RunProbe>(Assert.Single(_agent.Seen));
        _agent.Advance(TimeSpan.FromMinutes(1));
        Assert.Single(_agent.Seen);
        _agent.Core.OnProbeDone(run.RunId, new(HealthStatus.Passing, "ok"), _agent.Now);
        Assert.Equal((HealthStatus.Passing, "ok"), (_agent.Check("tcp").Status, _agent.Check("tcp").Output));
        _agent.Advance(TimeSpan.FromSeconds(9));
        Assert.Single(_agent.Seen);
        _agent.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, _agent.Seen.Count);
    }

    [Fact]
    public void An_alias_of_another_node_looks_at_once_and_again_an_interval_after_each_look()
    {
        _agent.Register(new CheckDefinition { Name = "far", AliasNode = "elsewhere" });
        _agent.Advance(TimeSpan.Zero);
        var run = Assert.IsType<RunProbe>(Assert.Single(_agent.Seen));
        _agent.Core.OnProbeDone(run.RunId, new(HealthStatus.Passing, "All checks passing."), _agent.Now);
        Assert.Equal(HealthStatus.Passing, _agent.Check("far").Status);
        _agent.Advance(CheckRules.RemoteAliasInterval);
        Assert.Equal(2, _agent.Seen.Count);
    }

    [Fact]
    public void Short_intervals_are_raised_to_a_second()
    {
        _agent.Register(new CheckDefinition { Name = "tcp", Tcp = "127.0.0.1:1", Interval = TimeSpan.FromMilliseconds(1) });
        _agent.Advance(TimeSpan.FromSeconds(1));
        _agent.Core.OnProbeDone(((RunProbe)_agent.Seen[0]).RunId, new(HealthStatus.Passing, ""), _agent.Now);
        _agent.Advance(TimeSpan.FromMilliseconds(900));
        Assert.Single(_agent.Seen);
    }

    [Fact]
    public void Thresholds_count_results_in_a_row()
    {
        _agent.Register(new CheckDefinition
        {
            Name = "tcp", Tcp = "127.0.0.1:1", Interval = TimeSpan.FromSeconds(1), Status = HealthStatus.Passing,
            SuccessBeforePassing = 2, FailuresBeforeWarning = 2, FailuresBeforeCritical = 3,
        });
        var statuses = new List<string>();
        foreach (string result in "fsfffsfss".Select(c => c == 's' ? HealthStatus.Passing : HealthStatus.Critical))
        {
            _agent.Advance(TimeSpan.FromSeconds(1));
            _agent.Core.OnProbeDone(((RunProbe)_agent.Seen[^1]).RunId, new(result, ""), _agent.Now);
            statuses.Add(_agent.Check("tcp").Status[..1]);
        }
        Assert.Equal("pppwccccp", string.Concat(statuses));
    }

    [Fact]
    public void Removing_a_check_cancels_its_run_and_ignores_the_late_result()
    {
        _agent.Register(new CheckDefinition { Name = "tcp", Tcp = "127.0.0.1:1", Interval = TimeSpan.FromSeconds(1) });
        _agent.Advance(TimeSpan.FromSeconds(1));
        long run = ((RunProbe)_agent.Seen[0]).RunId;
        _agent.Core.DeregisterCheck("tcp", _agent.Now);
        _agent.Settle();
        Assert.Equal(new CancelProbe(run), _agent.Seen[^1]);
        _agent.Core.OnProbeDone(run, new(HealthStatus.Passing, ""), _agent.Now);
        Assert.Empty(_agent.CheckIds());
    }

    [Fact]
    public void A_service_that_is_critical_for_too_long_is_removed_but_not_before_a_minute()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl(10) with { Id = "c", DeregisterCriticalServiceAfter = TimeSpan.FromSeconds(1) }] });
        _agent.Report("c", HealthStatus.Passing);
        _agent.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(HealthStatus.Critical, _agent.Check("c").Status);
        _agent.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull(_agent.Core.GetService("web"));
        _agent.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(_agent.Core.GetService("web"));
        Assert.Empty(_agent.Catalog.Services);
    }

    [Fact]
    public void An_alias_copies_the_worst_of_the_service_and_the_node()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl(60) with { Id = "w" }] });
        _agent.Report("w", HealthStatus.Passing);
        _agent.Register(new ServiceDefinition { Name = "proxy", Checks = [new CheckDefinition { Id = "alias", Name = "alias", AliasService = "web" }] });
        Assert.Equal((HealthStatus.Passing, "All checks passing."), (_agent.Check("alias").Status, _agent.Check("alias").Output));
        _agent.Report("w", HealthStatus.Warning, "slow");
        Assert.Equal((HealthStatus.Warning, "Aliased check \"c\" failing: slow"), (_agent.Check("alias").Status, _agent.Check("alias").Output));
        _agent.Core.SetNodeMaintenance(enable: true, "", _agent.Now);
        Assert.Equal(HealthStatus.Critical, _agent.Check("alias").Status);
        _agent.Core.SetNodeMaintenance(enable: false, "", _agent.Now);
        Assert.Equal(HealthStatus.Warning, _agent.Check("alias").Status);
        _agent.Core.DeregisterService("web", _agent.Now);
        Assert.Equal("Service web could not be found on node n1", _agent.Check("alias").Output);
        _agent.Register(new ServiceDefinition { Name = "web" });
        Assert.Equal((HealthStatus.Passing, "No checks found."), (_agent.Check("alias").Status, _agent.Check("alias").Output));
    }

    [Fact]
    public void A_ring_of_aliases_settles()
    {
        _agent.Register(new ServiceDefinition { Name = "a", Checks = [new CheckDefinition { Id = "a-of-b", AliasService = "b" }, Ttl(60) with { Id = "t" }] });
        _agent.Register(new ServiceDefinition { Name = "b", Checks = [new CheckDefinition { Id = "b-of-a", AliasService = "a" }] });
        _agent.Report("t", HealthStatus.Critical, "down");
        Assert.Equal(HealthStatus.Critical, _agent.Check("b-of-a").Status);
        Assert.Equal(HealthStatus.Critical, _agent.Check("a-of-b").Status);
    }

    [Fact]
    public void State_of_a_ttl_check_is_kept_on_change_and_from_time_to_time()
    {
        var agent = new AgentFixture(options => options with { Persist = true });
        agent.Register(Ttl(40));
        for (int i = 0; i < 20; i++)
        {
            agent.Report("c", HealthStatus.Passing);
            agent.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(2, agent.Seen.OfType<SaveCheckState>().Count());
        agent.Report("c", HealthStatus.Warning, "hm");
        Assert.Equal(new SaveCheckState("c", HealthStatus.Warning, "hm", TimeSpan.FromSeconds(40)), agent.Seen[^1]);
    }

    [Fact]
    public void A_restored_ttl_check_has_its_state_and_a_full_ttl()
    {
        _agent.Core.RestoreCheck(new HealthCheck { CheckId = "c", Name = "c" }, Ttl(5), HealthStatus.Passing, "before", _agent.Now);
        Assert.Equal((HealthStatus.Passing, "before"), (_agent.Check("c").Status, _agent.Check("c").Output));
        _agent.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("TTL expired (last output before timeout follows): before", _agent.Check("c").Output);
    }

    private static CheckDefinition Ttl(int seconds) => new() { Name = "c", Ttl = TimeSpan.FromSeconds(seconds) };
}
