using System.Net;
using System.Text.Json;
using Conclave.Core;
using Conclave.Http.Blocking;
using Conclave.Http.Endpoints;
using Conclave.Http.Tests.Support;
using Conclave.Node;

namespace Conclave.Http.Tests;

public sealed class ServerHealthTests
{
    private readonly MemoryGateway _gateway = new();

    [Fact]
    public async Task A_leader_tells_how_each_server_is_doing()
    {
        _gateway.Health = [Server("1", isLeader: true), Server("2"), Server("3", isHealthy: false)];
        await using var server = await StartAsync();
        using var answer = await server.Client.GetAsync("/v1/operator/autopilot/health");
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        using var health = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.False(health.RootElement.GetProperty("Healthy").GetBoolean());
        Assert.Equal(0, health.RootElement.GetProperty("FailureTolerance").GetInt32());
        Assert.Equal(["alive", "alive", "failed"], health.RootElement.GetProperty("Servers").EnumerateArray().Select(static one => one.GetProperty("SerfStatus").GetString()));

        using var state = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/operator/autopilot/state"));
        Assert.Equal(
            """{"ID":"3","Name":"s3","Address":"10.0.0.3:8300","NodeStatus":"failed","Version":"1.10.11","LastContact":"58.551ms","LastTerm":2,"LastIndex":18,"Healthy":false,"StableSince":"2026-11-20T10:08:42.3973928Z","ReadReplica":false,"Status":"voter","Meta":{},"NodeType":"voter"}""",
            state.RootElement.GetProperty("Servers").GetProperty("3").GetRawText());
        Assert.Equal(["1", "2", "3"], state.RootElement.GetProperty("Voters").EnumerateArray().Select(static one => one.GetString()));
    }

    [Fact]
    public async Task Five_healthy_voters_may_lose_two()
    {
        _gateway.Health = [.. Enumerable.Range(1, 5).Select(static number => Server($"{number}"))];
        await using var server = await StartAsync();
        using var health = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/operator/autopilot/health"));
        Assert.Equal(2, health.RootElement.GetProperty("FailureTolerance").GetInt32());
    }

    [Fact]
    public async Task A_follower_without_a_leader_does_not_pretend_to_know()
    {
        _gateway.Status = new ClusterStatus(false, "", "", 1, []);
        await using var server = await StartAsync();
        using var answer = await server.Client.GetAsync("/v1/operator/autopilot/state");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("No cluster leader", await answer.Content.ReadAsStringAsync());
    }

    private static ServerHealth Server(string id, bool isLeader = false, bool isHealthy = true) => new()
    {
        Id = id,
        Address = $"10.0.0.{id}:8300",
        Member = new ServerMember(id, "s" + id, $"10.0.0.{id}:8300", isHealthy ? ServerMemberStatus.Alive : ServerMemberStatus.Failed) { Version = "1.10.11" },
        Progress = new ServerProgress(TimeSpan.FromMicroseconds(58_551), 2, 18),
        IsVoter = true,
        IsLeader = isLeader,
        IsHealthy = isHealthy,
        SinceWall = new WallTime(1_795_169_322_397_392_824),
    };

    private Task<RunningFrontEnd> StartAsync() => RunningFrontEnd.StartAsync(router => new ServerHealthEndpoints(new ReadResponder(_gateway), "1.10.11").Map(router));
}
