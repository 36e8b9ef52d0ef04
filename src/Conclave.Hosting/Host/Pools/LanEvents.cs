using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Conclave.Agent.Events;
using Conclave.Core.Codec;
using Conclave.Gossip;
using Conclave.Gossip.Consul;
using Conclave.Hosting.Agent;
using Conclave.Hosting.Gossip;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Pools;

/// <summary>
/// What the pool of the datacenter tells the agent: events of users, a new leader, other members. Filters of events are patterns from outside, so they are evaluated beside the
/// pool's loop; at the bound the newest events are dropped and counted.
/// </summary>
internal sealed class LanEvents(EventReceiver receiver, AgentRuntime local, ILoggerFactory loggers) : IGossipListener
{
    /// <summary>Name of the event with which a leader announces itself.</summary>
    public const string NewLeader = "consul:new-leader";

    // All agents hear of it at once, and each compares itself with the catalog when chance has it.
    private static readonly TimeSpan NewLeaderStagger = TimeSpan.FromSeconds(3);

    // A quarter of what the log of events keeps would do; the rest is for slow patterns.
    private const int WaitingMax = 1024;

    private readonly ILogger _logger = loggers.CreateLogger("agent.server");
    private readonly Channel<GossipEvent> _waiting = Channel.CreateBounded<GossipEvent>(new BoundedChannelOptions(WaitingMax) { SingleReader = true, SingleWriter = true });
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);
    private long _dropped;                                              // the loop's

    /// <summary>The published members are others than before. Called on the pool's loop: must return at once.</summary>
    public event Action? MembersChanged;

    /// <inheritdoc/>
    public void OnMembersChanged() => MembersChanged?.Invoke();

    /// <inheritdoc/>
    public void OnEvent(GossipEvent happened)
    {
        if (happened.Kind != GossipEventKind.User || _waiting.Writer.TryWrite(happened)) return;
        if (++_dropped % WaitingMax == 1) PoolLog.EventsDropped(_logger, _dropped);
    }

    /// <summary>Completes when the event with this id has been taken. Give it up with <see cref="Forget"/>.</summary>
    public Task TakenAsync(string id) => _awaited.GetOrAdd(id, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Nobody waits for this event any more.</summary>
    public void Forget(string id) => _awaited.TryRemove(id, out _);

    /// <summary>Takes events until <see cref="Complete"/>. Never fails.</summary>
    public async Task RunAsync()
    {
        await foreach (var happened in _waiting.Reader.ReadAllAsync().ConfigureAwait(false)) Take(happened);
    }

    /// <summary>No more events come.</summary>
    public void Complete() => _waiting.Writer.TryComplete();

    private void Take(GossipEvent happened)
    {
        if (happened.Name == NewLeader)
        {
            PoolLog.NewLeader(_logger, Encoding.UTF8.GetString(happened.Payload.Span));
            local.RequestFullSync(NewLeaderStagger);
        }
        else if (happened.Name.StartsWith(ConsulEvent.NamePrefix, StringComparison.Ordinal)) Deliver(happened);
    }

    private void Deliver(GossipEvent happened)
    {
        try
        {
            var fired = ConsulEvent.Decode(happened.Payload.Span);
            receiver.Deliver(new UserEvent
            {
                Id = fired.Id,
                Name = fired.Name,
                Payload = fired.Payload.IsEmpty ? null : fired.Payload.ToArray(),
                NodeFilter = fired.NodeFilter,
                ServiceFilter = fired.ServiceFilter,
                TagFilter = fired.TagFilter,
                Version = fired.Version,
                LTime = happened.LamportTime,
            });
            if (_awaited.TryGetValue(fired.Id, out var awaited)) awaited.TrySetResult();
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            PoolLog.BadEvent(_logger, happened.Name, malformed.Message);
        }
    }
}

/// <summary>A listener for a pool whose events nobody needs.</summary>
internal sealed class NoEvents : IGossipListener
{
    /// <inheritdoc/>
    public void OnMembersChanged()
    {
        // The pool between datacenters is looked at when somebody asks for it.
    }

    /// <inheritdoc/>
    public void OnEvent(GossipEvent happened)
    {
        // User events are not fired between datacenters.
    }
}
