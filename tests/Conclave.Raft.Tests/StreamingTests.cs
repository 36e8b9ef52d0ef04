using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>What may be on its way to one follower at a time.</summary>
public sealed class StreamingTests
{
    private const long BytesMax = 1000;

    private readonly Peer _peer = new("s2", new LogIndex(1), default);
    private readonly Streaming _streaming = new(appendsMax: 4, BytesMax, TimeSpan.FromSeconds(1));
    private ulong _requests;

    [Fact]
    public void No_more_appends_than_the_limit_are_on_their_way()
    {
        for (int i = 0; i < 4; i++) Send(bytes: 1);
        Assert.False(_streaming.MaySend(default));
        Assert.True(_streaming.TryTake(1, out _));
        Assert.True(_streaming.MaySend(default));
    }

    [Fact]
    public void No_further_append_is_sent_once_the_bytes_on_their_way_reach_the_limit()
    {
        Send(BytesMax / 2);
        Assert.True(_streaming.MaySend(default));
        Send(BytesMax / 2);
        Assert.False(_streaming.MaySend(default));
        Assert.True(_streaming.TryTake(1, out _));
        Assert.True(_streaming.MaySend(default));
    }

    [Fact]
    public void A_single_append_above_the_limit_is_sent_alone()
    {
        Assert.True(_streaming.MaySend(default));
        Send(BytesMax * 5);
        Assert.False(_streaming.MaySend(default));
        Assert.True(_streaming.TryTake(1, out _));
        Assert.True(_streaming.MaySend(default));
    }

    [Fact]
    public void An_answer_stands_for_the_lost_answers_before_it()
    {
        for (int i = 0; i < 4; i++) Send(BytesMax / 4);
        Assert.True(_streaming.TryTake(3, out _));
        Assert.False(_streaming.TryTake(2, out _));
        Send(BytesMax / 2);
        Assert.True(_streaming.MaySend(default));
    }

    private void Send(long bytes) => _streaming.OnSent(_peer, new Inflight(++_requests, new LogIndex(_requests), bytes, default));
}
