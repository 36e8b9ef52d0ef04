using Conclave.Core.Model;
using Conclave.Hosting.Streaming;
using Conclave.Hosting.Tests.Rpc;
using Conclave.Rpc.Grpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Tests.Streaming;

/// <summary>What is kept for subscribers, and for how long.</summary>
public sealed class ServiceFeedsTests
{
    private static readonly FeedKey s_web = new(StreamTopic.ServiceHealth, "web");

    private readonly FakeCluster _cluster = new();
    private readonly FakeGateway _node;

    public ServiceFeedsTests() => _node = new FakeGateway(_cluster, "s1");

    [Fact]
    public async Task A_subscriber_that_falls_behind_what_is_kept_is_cut_off()
    {
        var feeds = Feeds(new StreamingLimits { EventsMax = 2 });
        using var slow = feeds.Subscribe(s_web, 0)!;
        using var quick = feeds.Subscribe(s_web, 0)!;
        for (int i = 0; i < 3; i++)
        {
            Apply(Registrations.Service("n1", "web" + i));
            Assert.Equal((ulong)(11 + i), (await NextAsync(quick)).Index);
        }
        Assert.Equal(FeedReading.Cut, slow.Read([]));
        Assert.Equal(FeedReading.Nothing, quick.Read([]));

        // Who comes back with an index that the kept changes do not reach is told everything.
        using var late = feeds.Subscribe(s_web, 10)!;
        Assert.Equal(2, late.TakeStart().Count);
        using var inTime = feeds.Subscribe(s_web, 11)!;
        Assert.Empty(inTime.TakeStart());
        Assert.Equal(12u, (await NextAsync(inTime)).Index);
    }

    [Fact]
    public async Task The_bytes_that_are_kept_are_bounded_but_the_newest_change_is_there()
    {
        var feeds = Feeds(new StreamingLimits { EventBytesMax = 10 });
        using var slow = feeds.Subscribe(s_web, 0)!;
        using var quick = feeds.Subscribe(s_web, 0)!;
        for (int i = 0; i < 2; i++)
        {
            Apply(Registrations.Service("n1", "web" + i));
            Assert.Equal((ulong)(11 + i), (await NextAsync(quick)).Index);
        }
        Assert.Equal(FeedReading.Cut, slow.Read([]));
    }

    [Fact]
    public async Task Changes_of_entries_that_no_state_was_published_for_have_the_indexes_of_their_entries()
    {
        Apply(Registrations.Service("n1", "web1"));
        Apply(Registrations.Service("n2", "web2"));
        var feeds = Feeds(new StreamingLimits());
        using var subscription = feeds.Subscribe(s_web, 0)!;
        subscription.TakeStart();
        // Four entries, and one look: the state is published when the watchers are told of the last.
        _cluster.Apply(Registrations.Service("n3", "web3"), () => { });
        _cluster.Apply(Registrations.Service("n1", "web1", status: HealthStatus.Critical), () => { });
        _cluster.Apply(Registrations.Gone("n2", "web2"), () => { });
        Apply(Registrations.Service("n4", "web4"));
        var seen = new List<(ulong, string, bool)>();
        while (seen.Count < 4) Add(await NextAsync(subscription));
        Assert.Equal((List<(ulong, string, bool)>)[(13, "web3", false), (14, "web1", false), (16, "web2", true), (16, "web4", false)], seen.OrderBy(e => e.Item1).ThenBy(e => e.Item2).ToList());

        void Add(StreamedEvent read)
        {
            foreach (var one in read.Batch.Count > 0 ? read.Batch : [read]) seen.Add((one.Index, one.ServiceId, one.IsGone));
        }
    }

    [Fact]
    public async Task The_changes_of_a_transaction_are_continued_in_another_message_when_one_gets_too_long()
    {
        Apply(Registrations.Service("n1", "web1"));
        var feeds = Feeds(new StreamingLimits { MessageBytesMax = 200 });
        using var subscription = feeds.Subscribe(s_web, 0)!;
        subscription.TakeStart();
        Apply(Registrations.Together("n1", "a1", "a2", "a3", "a4", "a5", "a6", "a7"));
        var change = await NextRawAsync(subscription);
        var ids = new List<string>();
        int messages = 0;
        for (ReadOnlySpan<byte> left = change.Messages; !left.IsEmpty; messages++)
        {
            Assert.True(GrpcFraming.TryRead(left, 400, out var message));
            var read = StreamedEvent.Read(message);
            // Whoever is cut off before the last part goes on from the index before, and gets all parts again.
            bool isLast = left.Length == GrpcFraming.PrefixBytes + message.Length;
            Assert.Equal(isLast ? 12u : 11u, read.Index);
            ids.AddRange((read.Batch.Count > 0 ? read.Batch : [read]).Select(one => one.ServiceId));
            left = left[(GrpcFraming.PrefixBytes + message.Length)..];
        }
        Assert.Equal(["a1", "a2", "a3", "a4", "a5", "a6", "a7"], ids);
        Assert.True(messages > 2);
    }

    [Fact]
    public async Task A_server_that_lags_behind_a_subscriber_does_not_tell_it_what_it_knows()
    {
        var feeds = Feeds(new StreamingLimits());
        Apply(Registrations.Service("n1", "web1"));
        using var other = feeds.Subscribe(s_web, 0)!;
        using var ahead = feeds.Subscribe(s_web, 12)!;                 // it was told of entry 12 by another server
        Assert.Empty(ahead.TakeStart());
        Apply(Registrations.Service("n2", "web2"));
        Assert.Equal(12u, (await NextAsync(other)).Index);
        Assert.Equal(FeedReading.Nothing, ahead.Read([]));
        Apply(Registrations.Service("n3", "web3"));
        Assert.Equal(13u, (await NextAsync(ahead)).Index);
    }

    [Fact]
    public void More_services_than_may_be_watched_are_refused_and_places_come_back()
    {
        var feeds = Feeds(new StreamingLimits { FeedsMax = 1 });
        using (var one = feeds.Subscribe(s_web, 0))
        {
            Assert.NotNull(one);
            Assert.Null(feeds.Subscribe(new FeedKey(StreamTopic.ServiceHealth, "db"), 0));
        }
        using var other = feeds.Subscribe(new FeedKey(StreamTopic.ServiceHealth, "db"), 0);
        Assert.NotNull(other);
    }

    private ServiceFeeds Feeds(StreamingLimits limits) => new(_node, limits, NullLogger.Instance);

    private void Apply(byte[] command) => _cluster.Apply(command, _node.CatchUp);

    private static async Task<StreamedEvent> NextAsync(FeedSubscription subscription) => StreamedEvent.Read((await NextRawAsync(subscription)).Messages.AsSpan(GrpcFraming.PrefixBytes));

    private static async Task<FeedEvent> NextRawAsync(FeedSubscription subscription)
    {
        if (s_pending.TryGetValue(subscription, out var pending) && pending.TryDequeue(out var ready)) return ready;
        var changes = new List<FeedEvent>();
        while (true)
        {
            var changed = subscription.Changed;
            Assert.NotEqual(FeedReading.Cut, subscription.Read(changes));
            if (changes.Count > 0) break;
            await changed.WaitAsync(TestContext.Current.CancellationToken);
        }
        s_pending.AddOrUpdate(subscription, new Queue<FeedEvent>(changes.Skip(1)));
        return changes[0];
    }

    // What a look brought beyond the first change.
    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<FeedSubscription, Queue<FeedEvent>> s_pending = [];
}
