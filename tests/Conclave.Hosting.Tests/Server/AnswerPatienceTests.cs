using Conclave.Node;
using Conclave.Raft;

namespace Conclave.Hosting.Tests.Server;

/// <summary>How long a connection of another server may owe an answer, or leave one untaken. The time is the tests' own.</summary>
public sealed class AnswerPatienceTests : IAsyncDisposable
{
    private static readonly TimeSpan s_instant = TimeSpan.FromMilliseconds(1), s_second = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();
    private readonly CancellationTokenSource _end = new();
    private readonly AnswerPatience _patience;
    private readonly Task _watching;

    public AnswerPatienceTests()
    {
        _patience = new AnswerPatience(_end, _time);
        _watching = _patience.WatchAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
    }

    [Fact]
    public async Task A_connection_whose_answer_does_not_come_in_time_is_ended_and_the_answer_given_up()
    {
        var request = Request();
        _patience.BeginAnswer(request);
        await AssertStandsAsync(AnswerPatience.AnswerTimeout - s_instant);
        await AssertEndsAsync("the node gave no answer in time");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.Answer);
    }

    [Fact]
    public async Task A_connection_whose_peer_takes_no_answer_in_time_is_ended()
    {
        _patience.BeginAnswer(Request());
        _patience.End();
        _patience.BeginWrite();
        await AssertStandsAsync(AnswerPatience.WriteTimeout - s_instant);
        await AssertEndsAsync("the peer takes no answers");
    }

    [Fact]
    public async Task Each_answer_has_the_whole_time_for_itself()
    {
        for (int i = 0; i < 5; i++)
        {
            _patience.BeginAnswer(Request());
            await AssertStandsAsync(AnswerPatience.AnswerTimeout - s_instant);
            _patience.End();
            _patience.BeginWrite();
            await AssertStandsAsync(AnswerPatience.WriteTimeout - s_instant);
            _patience.End();
        }
    }

    [Fact]
    public async Task A_connection_that_owes_nothing_stands_for_ever()
    {
        _patience.BeginAnswer(Request());
        _patience.End();
        await AssertStandsAsync(TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task A_snapshot_may_take_as_long_as_its_bytes_take_to_come()
    {
        var request = Request(new InboundSnapshot(new SnapshotOffer(default, Raft.Configuration.Empty, default, 0)));
        _patience.BeginAnswer(request);
        await AssertStandsAsync(TimeSpan.FromDays(1));
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.Answer);
    }

    [Fact]
    public async Task An_answer_that_is_waited_for_when_the_connection_ends_is_given_up()
    {
        var request = Request();
        _patience.BeginAnswer(request);
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.Answer);
        var late = Request();
        _patience.BeginAnswer(late);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late.Answer);
        Assert.Null(_patience.Reason);
    }

    private static InboundRequest Request(InboundSnapshot? snapshot = null) => new(1, RaftMessageKind.Append, "") { Snapshot = snapshot };

    // In steps, so that the watch looks as often as it does in life.
    private async Task AssertStandsAsync(TimeSpan time)
    {
        for (int step = 0; step < 8; step++)
        {
            _time.Pass(time / 8);
            await Task.Yield();
            Assert.False(_end.IsCancellationRequested);
        }
        Assert.Null(_patience.Reason);
    }

    private async Task AssertEndsAsync(string reason)
    {
        while (!_watching.IsCompleted)
        {
            _time.Pass(s_second);
            await Task.Yield();
        }
        Assert.True(_end.IsCancellationRequested);
        Assert.Equal(reason, _patience.Reason);
    }
}
