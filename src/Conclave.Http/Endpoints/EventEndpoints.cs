using System.Buffers;
using System.Globalization;
using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Http.Blocking;
using Conclave.Http.Endpoints.Agent;
using Conclave.Http.Json;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/event/</c>: fire user events and list those that arrived here.</summary>
public sealed class EventEndpoints(INodeGateway gateway, IAgentPools pools, EventLog log) : IEndpoints
{
    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/event/fire/", HttpVerbs.Put, Fire);
        router.Add("/v1/event/list", HttpVerbs.Get, List);
    }

    private async ValueTask Fire(ApiRequest request)
    {
        if (request.Rest.Length == 0)
        {
            await request.SendTextAsync(400, "Missing name").ConfigureAwait(false);
            return;
        }
        if (request.IsForeignDatacenter(gateway.Identity.Datacenter))
        {
            await request.SendErrorAsync(ErrorText.NoPath).ConfigureAwait(false);
            return;
        }
        var body = await request.ReadBodyAsync(UserEvent.WireBytesMax).ConfigureAwait(false);
        var fired = new UserEvent
        {
            Id = Guid.NewGuid().ToString(),
            Name = request.RestText,
            Payload = body.Length > 0 && !body.TooLarge ? body.Bytes.ToArray() : null,
            NodeFilter = request.Text(Param.Node),
            ServiceFilter = request.Text(Param.Service),
            TagFilter = request.Text(Param.Tag),
        };
        request.ReleaseBody();
        if (EventFilter.Refusal(fired) is { } refusal)
        {
            await request.SendErrorAsync(refusal).ConfigureAwait(false);
            return;
        }
        // Longer than any event: not read to the end, so the pool cannot be asked.
        var outcome = body.TooLarge ? AgentOutcome.Failed(UserEvent.TooLargeError) : await pools.FireAsync(fired, CancellationToken.None).ConfigureAwait(false);
        if (!outcome.IsOk)
        {
            await request.SendAsync(outcome).ConfigureAwait(false);
            return;
        }
        Write(request.StartJson(), fired);
        await request.SendJsonAsync().ConfigureAwait(false);
    }

    private async ValueTask List(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options))
        {
            await request.SendRefusalAsync().ConfigureAwait(false);
            return;
        }
        var events = new List<UserEvent>();
        var name = request.Text(Param.Name);
        log.List(name, events);
        if (options.Index > 0 && options.Index == IndexOf(events) && !await WaitForOther(request, options, name, events).ConfigureAwait(false))
        {
            request.Abort();
            return;
        }
        request.ResponseHeaders["X-Consul-Index"] = IndexOf(events).ToString(CultureInfo.InvariantCulture);
        var json = request.StartJson();
        json.BeginArray();
        foreach (var listed in events) Write(json, listed);
        json.EndArray();
        await request.SendJsonAsync().ConfigureAwait(false);
    }

    // The index is not ordered: only the very same one waits, and after an event of another name it waits again. False when there is nobody to answer.
    private async ValueTask<bool> WaitForOther(ApiRequest request, ReadOptions options, string name, List<UserEvent> events)
    {
        var waits = request.Server.Waits;
        var until = waits.DeadlineOf(options.Wait);
        while (true)
        {
            events.Clear();
            var arrivals = log.List(name, events);
            if (options.Index != IndexOf(events)) return true;
            var waiter = waits.StartUntil(request, until);
            var wait = new EventWait(waiter);
            if (!log.Watch(arrivals, wait)) waiter.Wake();
            var end = await waiter.WaitAsync().ConfigureAwait(false);
            log.Unwatch(wait);
            if (end == WaitEnd.Deadline) return true;
            if (end != WaitEnd.Changed) return false;
        }
    }

    private static ulong IndexOf(List<UserEvent> events) => events.Count == 0 ? 1 : Math.Max(1, events[^1].Index);

    private static void Write(JsonOut json, UserEvent shown)
    {
        json.BeginObject();
        json.Name("ID"u8);
        json.String(shown.Id);
        json.Name("Name"u8);
        json.String(shown.Name);
        json.Name("Payload"u8);
        if (shown.Payload is { } payload) json.Base64(payload);
        else json.Null();
        json.Name("NodeFilter"u8);
        json.String(shown.NodeFilter);
        json.Name("ServiceFilter"u8);
        json.String(shown.ServiceFilter);
        json.Name("TagFilter"u8);
        json.String(shown.TagFilter);
        json.Name("Version"u8);
        json.Number(shown.Version);
        json.Name("LTime"u8);
        json.Number(shown.LTime);
        json.EndObject();
    }

    private sealed class EventWait(Waiter waiter) : IEventWaiter
    {
        public void OnEvent() => waiter.Wake();
    }
}
