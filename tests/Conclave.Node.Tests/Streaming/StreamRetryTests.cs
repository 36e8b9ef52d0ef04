using Conclave.Core;
using Conclave.Node.Streaming;

namespace Conclave.Node.Tests.Streaming;

/// <summary>When a subscription is made again, and when nobody should wait for it any more.</summary>
public sealed class StreamRetryTests
{
    private readonly StreamRetry _retry = new(TimeSpan.FromSeconds(7), new Prng(1));
    private Instant _now = new(1_000_000_000);

    public StreamRetryTests() => _retry.OnBegun(_now);

    [Fact]
    public void Each_other_server_is_asked_at_once_and_then_pauses_grow_to_a_bound()
    {
        Assert.Equal(TimeSpan.Zero, End(StreamEnd.Lost, servers: 3));
        Assert.Equal(TimeSpan.Zero, End(StreamEnd.Lost, servers: 3));
        var before = TimeSpan.Zero;
        for (int i = 0; i < 5; i++)
        {
            var pause = End(StreamEnd.Lost, servers: 3);
            Assert.InRange(pause, TimeSpan.FromMilliseconds(50 << i), TimeSpan.FromMilliseconds(100 << i));
            before = pause;
        }
        for (int i = 0; i < 20; i++) Assert.InRange(End(StreamEnd.Lost, servers: 3), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_subscription_that_lived_for_a_while_is_made_again_at_once()
    {
        for (int i = 0; i < 9; i++) End(StreamEnd.Lost, servers: 1);
        _retry.OnServed(_now);
        Assert.Equal(Instant.Never, _retry.LostAt);
        _now += TimeSpan.FromSeconds(10);
        Assert.Equal(TimeSpan.Zero, End(StreamEnd.Reset, servers: 1));
    }

    [Fact]
    public void A_server_that_resets_again_and_again_is_not_asked_without_a_pause()
    {
        _retry.OnServed(_now);
        Assert.Equal(TimeSpan.Zero, End(StreamEnd.Reset, servers: 1));
        _retry.OnServed(_now);
        Assert.True(End(StreamEnd.Reset, servers: 1) > TimeSpan.Zero);
    }

    [Fact]
    public void Who_has_nothing_to_show_waits_until_each_server_was_asked_and_others_for_the_hold_time()
    {
        End(StreamEnd.Lost, servers: 2);
        Assert.False(_retry.IsHopeless(hasRows: false, servers: 2, _now));
        End(StreamEnd.Lost, servers: 2);
        Assert.True(_retry.IsHopeless(hasRows: false, servers: 2, _now));
        Assert.False(_retry.IsHopeless(hasRows: true, servers: 2, _now));
        _now += TimeSpan.FromSeconds(7);
        Assert.True(_retry.IsHopeless(hasRows: true, servers: 2, _now));
        _retry.OnServed(_now);
        Assert.False(_retry.IsHopeless(hasRows: true, servers: 2, _now));
    }

    [Fact]
    public void Only_when_all_servers_have_refused_it_is_of_no_use_to_ask_again()
    {
        End(StreamEnd.Lost, servers: 2);
        End(StreamEnd.Refused, servers: 2);
        Assert.False(_retry.IsRefused(servers: 2));
        End(StreamEnd.Refused, servers: 2);
        Assert.True(_retry.IsRefused(servers: 2));
        _retry.OnServed(_now);
        Assert.False(_retry.IsRefused(servers: 2));
    }

    private TimeSpan End(StreamEnd end, int servers) => _retry.OnEnded(end, servers, _now);
}
