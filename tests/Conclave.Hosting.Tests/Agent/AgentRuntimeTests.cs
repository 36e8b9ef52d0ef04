using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Hosting.Agent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Tests.Agent;

public sealed class AgentRuntimeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agent-").FullName;
    private readonly AgentGateway _gateway = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Registrations_reports_and_removals_reach_the_catalog()
    {
        await using var agent = Start();
        Assert.True((await agent.RegisterServiceAsync(Web(), false, default)).IsOk);
        await _gateway.UntilAsync(root => AgentGateway.Services(root).Count == 1 && AgentGateway.Checks(root).Count == 1);
        Assert.True(agent.UpdateTtlCheck("service:web", HealthStatus.Passing, "fine").IsOk);
        await _gateway.UntilAsync(root => AgentGateway.Checks(root) is [{ Status: HealthStatus.Passing, Output: "fine" }]);
        Assert.True((await agent.DeregisterServiceAsync("web", default)).IsOk);
        await _gateway.UntilAsync(root => AgentGateway.Services(root).Count == 0 && AgentGateway.Checks(root).Count == 0);
    }

    [Fact]
    public async Task A_catalog_that_was_unreachable_is_brought_up_to_date_later()
    {
        _gateway.Error = "No cluster leader";
        await using var agent = Start();
        await agent.RegisterServiceAsync(Web(), false, default);
        _gateway.Error = null;
        agent.RequestFullSync();
        await _gateway.UntilAsync(root => AgentGateway.Services(root).Count == 1);
    }

    [Fact]
    public async Task An_agent_that_leaves_brings_nothing_back_into_the_catalog()
    {
        await using (var agent = Start())
        {
            await agent.RegisterServiceAsync(Web(), false, default);
            await _gateway.UntilAsync(root => AgentGateway.Services(root).Count == 1);
            agent.LeaveCatalog();
            await agent.RegisterServiceAsync(Web() with { Name = "late", Id = "late" }, false, default);
            agent.RequestFullSync();
        }
        Assert.Single(AgentGateway.Services(_gateway.Root));
    }

    [Fact]
    public async Task Registrations_and_the_state_of_ttl_checks_survive_a_restart()
    {
        await using (var agent = Start(_folder))
        {
            await agent.RegisterServiceAsync(Web() with { Tags = ["a"], Meta = new SortedDictionary<string, string> { ["k"] = "v" }, Address = "10.0.0.1" }, false, default);
            await agent.RegisterCheckAsync(new CheckDefinition { Name = "node", Http = "http://127.0.0.1:1/", Interval = TimeSpan.FromHours(1), Header = Header("X", "1") }, default);
            await agent.SetServiceMaintenanceAsync("web", enable: true, "disk", default);
            agent.UpdateTtlCheck("service:web", HealthStatus.Warning, "so so");
        }
        await using var restarted = Start(_folder);
        var service = restarted.GetService("web")!.Service;
        Assert.Equal(("web", 80, "10.0.0.1", "a", "v"), (service.Service, service.Port, service.Address, service.Tags![0], service.Meta!["k"]));
        var checks = new List<HealthCheck>();
        restarted.ListChecks(checks);
        Assert.Equal(["_service_maintenance:web", "node", "service:web"], checks.Select(check => check.CheckId));
        Assert.Equal(("disk", HealthStatus.Critical), (checks[0].Notes, checks[0].Status));
        Assert.Equal((HealthStatus.Warning, "so so", "ttl"), (checks[2].Status, checks[2].Output, checks[2].Type));
        Assert.Equal(HealthStatus.Critical, checks[1].Status);
    }

    [Fact]
    public async Task The_state_of_a_ttl_check_that_ran_out_meanwhile_is_not_restored()
    {
        var clock = new ShiftedClock();
        await using (var agent = Start(_folder, clock))
        {
            await agent.RegisterServiceAsync(Web(), false, default);
            agent.UpdateTtlCheck("service:web", HealthStatus.Passing, "fine");
        }
        clock.Shift = TimeSpan.FromMinutes(11);
        await using var restarted = Start(_folder, clock);
        var checks = new List<HealthCheck>();
        restarted.ListChecks(checks);
        Assert.Equal((HealthStatus.Critical, ""), (checks[0].Status, checks[0].Output));
    }

    [Fact]
    public async Task What_was_removed_stays_removed()
    {
        await using (var agent = Start(_folder))
        {
            await agent.RegisterServiceAsync(Web(), false, default);
            await agent.DeregisterServiceAsync("web", default);
        }
        await using var restarted = Start(_folder);
        Assert.Equal((0, 0, 0, 0), restarted.Counts);
        Assert.Empty(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_damaged_file_is_named_and_left_and_the_others_are_loaded()
    {
        await using (var agent = Start(_folder))
        {
            await agent.RegisterServiceAsync(Web(), false, default);
            await agent.RegisterServiceAsync(new ServiceDefinition { Name = "api" }, false, default);
        }
        string damaged = Directory.GetFiles(Path.Combine(_folder, "services"))[0];
        File.WriteAllText(damaged, File.ReadAllText(damaged)[..40]);
        using var log = new LineLog();
        await using var restarted = Start(_folder, logs: log);
        Assert.Equal(1, restarted.Counts.Services);
        Assert.True(File.Exists(damaged));
        Assert.Contains(log.Lines, line => line.Contains(damaged, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Kept_files_are_for_their_owner_only()
    {
        await using (var agent = Start(_folder)) await agent.RegisterServiceAsync(Web() with { Token = "secret" }, false, default);
        foreach (string file in Directory.GetFiles(_folder, "*", SearchOption.AllDirectories))
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite), file);
    }

    [Fact]
    public async Task Half_written_files_are_cleaned_away()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "services"));
        File.WriteAllText(Path.Combine(_folder, "services", "abc.tmp"), "{");
        await using var agent = Start(_folder);
        Assert.Empty(Directory.GetFiles(_folder, "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Configuration_replaces_what_was_kept_under_the_same_id()
    {
        await using (var agent = Start(_folder)) await agent.RegisterServiceAsync(Web(), false, default);
        var options = Options(_folder) with { Services = [Web() with { Port = 81 }] };
        await using (var configured = AgentRuntime.Start(options, _gateway, TimeProvider.System, NullLoggerFactory.Instance))
            Assert.Equal(81, configured.GetService("web")!.Service.Port);
        await using var without = Start(_folder);
        Assert.Null(without.GetService("web"));
    }

    [Fact]
    public async Task Without_a_data_folder_nothing_is_written()
    {
        string here = Directory.GetCurrentDirectory();
        int before = Directory.GetFileSystemEntries(here).Length;
        await using (var agent = Start()) await agent.RegisterServiceAsync(Web(), false, default);
        Assert.Equal(before, Directory.GetFileSystemEntries(here).Length);
    }

    [Fact]
    public async Task A_file_of_the_compatible_agent_is_understood()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "services"));
        Directory.CreateDirectory(Path.Combine(_folder, "checks"));
        File.WriteAllText(Path.Combine(_folder, "services", "a1"), """
            {"Token":"","Service":{"ID":"old","Service":"old","Tags":["x"],"Address":"","Meta":null,"Port":7,"Weights":{"Passing":1,"Warning":1},
             "EnableTagOverride":false,"Proxy":{"Mode":"","MeshGateway":{},"Expose":{}},"Connect":{},"CreateIndex":0,"ModifyIndex":0},"Source":"remote"}
            """);
        File.WriteAllText(Path.Combine(_folder, "checks", "b2"), """
            {"Check":{"Node":"n1","CheckID":"service:old","Name":"c","Status":"critical","Notes":"","Output":"","ServiceID":"old","ServiceName":"old","ServiceTags":["x"],
             "Type":"ttl","Definition":{},"CreateIndex":0,"ModifyIndex":0},"ChkType":{"CheckID":"","Name":"","Status":"","Notes":"","ScriptArgs":null,"HTTP":"","H2PING":"",
             "Header":null,"Method":"","Body":"","TCP":"","Interval":0,"AliasNode":"","AliasService":"","DockerContainerID":"","Shell":"","GRPC":"","GRPCUseTLS":false,
             "TLSServerName":"","TLSSkipVerify":false,"Timeout":0,"TTL":30000000000,"SuccessBeforePassing":0,"FailuresBeforeCritical":0,"ProxyHTTP":"","ProxyGRPC":"",
             "DeregisterCriticalServiceAfter":0,"OutputMaxSize":4096},"Token":"","Source":"remote"}
            """);
        await using var agent = Start(_folder);
        Assert.Equal((1, 1, 1, 0), agent.Counts);
        Assert.Equal(7, agent.GetService("old")!.Service.Port);
    }

    private static SortedDictionary<string, IReadOnlyList<string>> Header(string name, string value) => new() { [name] = [value] };

    private static ServiceDefinition Web() => new() { Name = "web", Port = 80, Checks = [new CheckDefinition { Ttl = TimeSpan.FromMinutes(10) }] };

    private AgentRuntime Start(string folder = "", TimeProvider? clock = null, ILoggerFactory? logs = null) =>
        AgentRuntime.Start(Options(folder), _gateway, clock ?? TimeProvider.System, logs ?? NullLoggerFactory.Instance);

    private static AgentRuntimeOptions Options(string folder) => new()
    {
        Core = new() { Identity = new() { NodeName = "n1", NodeId = "aaaaaaaa-0000-4000-8000-000000000001" } },
        DataDirectory = folder,
        Seed = 1,
    };

    private sealed class ShiftedClock : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
    }

    private sealed class LineLog : ILoggerFactory, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Lines) Lines.Add(formatter(state, exception));
        }

        public void Dispose() => Lines.Clear();
    }
}
