using System.Net;
using System.Text.Json;
using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Core.Model;
using Conclave.Http.Endpoints;
using Conclave.Http.Tests.Support;

namespace Conclave.Http.Tests;

public sealed class EventTests
{
    [Fact]
    public async Task A_fired_event_is_listed_with_the_same_id()
    {
        await using var server = await StartAsync(out _);
        using var fired = await server.Client.PutAsync("/v1/event/fire/deploy?node=node", new StringContent("payload"));
        using var document = JsonDocument.Parse(await fired.Content.ReadAsStringAsync());
        Assert.Equal("cGF5bG9hZA==", document.RootElement.GetProperty("Payload").GetString());
        Assert.Equal(0, document.RootElement.GetProperty("LTime").GetInt64());
        using var listed = await server.Client.GetAsync("/v1/event/list?name=deploy");
        Assert.Contains(document.RootElement.GetProperty("ID").GetString()!, await listed.Content.ReadAsStringAsync());
        Assert.False(listed.Headers.Contains("X-Consul-KnownLeader"));
    }

    [Fact]
    public async Task A_list_waits_for_another_last_event_of_its_name()
    {
        await using var server = await StartAsync(out var log);
        log.Add(Event("a", "aaaaaaaa-0000-4000-8000-000000000001"));
        using var first = await server.Client.GetAsync("/v1/event/list?name=a");
        var index = first.Headers.GetValues("X-Consul-Index").Single();
        var waiting = server.Client.GetStringAsync($"/v1/event/list?name=a&index={index}&wait=60s");
        log.Add(Event("other", "aaaaaaaa-0000-4000-8000-000000000002"));
        log.Add(Event("a", "aaaaaaaa-0000-4000-8000-000000000003"));
        Assert.Contains("000000000003", await waiting.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Events_for_other_nodes_bad_patterns_and_large_payloads_do_not_arrive()
    {
        await using var server = await StartAsync(out var log);
        using var elsewhere = await server.Client.PutAsync("/v1/event/fire/x?node=nobody-here", new StringContent("p"));
        Assert.Equal(HttpStatusCode.OK, elsewhere.StatusCode);
        using var pattern = await server.Client.PutAsync("/v1/event/fire/x?node=" + Uri.EscapeDataString("(("), new StringContent("p"));
        Assert.Equal(HttpStatusCode.InternalServerError, pattern.StatusCode);
        using var large = await server.Client.PutAsync("/v1/event/fire/x", new ByteArrayContent(new byte[2000]));
        Assert.Contains("user event exceeds configured limit of 512 bytes before encoding", await large.Content.ReadAsStringAsync());
        using var nameless = await server.Client.PutAsync("/v1/event/fire/", new StringContent("p"));
        Assert.Equal("Missing name", await nameless.Content.ReadAsStringAsync());
        var kept = new List<UserEvent>();
        log.List("", kept);
        Assert.Empty(kept);
    }

    [Fact]
    public void The_ring_keeps_the_newest_in_order()
    {
        var log = new EventLog();
        for (var i = 0; i < EventLog.EventsMax + 10; i++) log.Add(Event("e" + i, Guid.NewGuid().ToString()) with { LTime = (ulong)i });
        var kept = new List<UserEvent>();
        log.List("", kept);
        Assert.Equal(EventLog.EventsMax, kept.Count);
        Assert.Equal("e10", kept[0].Name);
        Assert.Equal("e" + (EventLog.EventsMax + 9), kept[^1].Name);
        Assert.True(kept.Zip(kept.Skip(1)).All(static pair => pair.First.LTime < pair.Second.LTime));
    }

    [Fact]
    public void The_index_combines_both_halves_of_the_id() =>
        Assert.Equal(0x0123456789abcdefUL ^ 0xfedcba9876543210UL, Event("x", "01234567-89ab-cdef-fedc-ba9876543210").Index);

    [Fact]
    public void Filters_look_at_services_and_their_tags()
    {
        var services = new List<LocalServiceView> { new(new NodeService { Id = "web", Service = "web", Tags = ["v1"] }, "") };
        Assert.True(EventFilter.Concerns(Event("x", "") with { ServiceFilter = "^we", TagFilter = "v[0-9]" }, "n", services));
        Assert.False(EventFilter.Concerns(Event("x", "") with { ServiceFilter = "^we", TagFilter = "v2" }, "n", services));
        Assert.False(EventFilter.Concerns(Event("x", "") with { ServiceFilter = "db" }, "n", services));
        Assert.NotNull(EventFilter.Refusal(Event("x", "") with { TagFilter = "v1" }));
    }

    private static UserEvent Event(string name, string id) => new() { Id = id, Name = name };

    private static Task<RunningFrontEnd> StartAsync(out EventLog log)
    {
        var events = new EventLog();
        log = events;
        return RunningFrontEnd.StartAsync(router => new EventEndpoints(new MemoryGateway(), new FixedPools(new EventReceiver("node-1", new NoServices(), events)), events).Map(router));
    }
}
