using System.Collections.Concurrent;

namespace Conclave.Hosting.Tests.Runtime;

public sealed class TurnGateTests
{
    [Fact]
    public async Task Turns_never_overlap_and_take_all_news_whoever_brings_them()
    {
        const int Threads = 4, NewsEach = 20_000;
        var news = new ConcurrentQueue<int>();
        var all = new TaskCompletionSource();
        var gate = new TurnGate();
        int inside = 0, taken = 0, overlaps = 0;
        bool Turn()
        {
            if (Interlocked.Increment(ref inside) != 1) overlaps++;
            while (news.TryDequeue(out _)) taken++;
            Interlocked.Decrement(ref inside);
            if (taken == Threads * NewsEach) all.TrySetResult();
            return true;
        }
        gate.Start(Turn);
        void Bring(int thread)
        {
            for (int i = 0; i < NewsEach; i++)
            {
                news.Enqueue(i);
                gate.Wake(here: (i + thread) % 2 == 0);
            }
        }
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() => Bring(thread), TestContext.Current.CancellationToken)));
        await all.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, Threads * NewsEach), (overlaps, taken));
    }

    [Fact]
    public void News_before_the_start_are_taken_by_the_first_turn_and_none_after_the_last()
    {
        int turns = 0;
        var gate = new TurnGate();
        gate.Wake(here: true);
        Assert.Equal(0, turns);
        gate.Start(() => ++turns < 3);
        gate.Wake(here: true);
        gate.Wake(here: true);
        gate.Wake(here: true);
        Assert.Equal(3, turns);
    }

    [Fact]
    public async Task A_turn_that_brings_news_itself_is_followed_by_another_one()
    {
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TurnGate();
        int turns = 0;
        gate.Start(() =>
        {
            if (++turns == 1) gate.Wake(here: true);
            else second.TrySetResult();
            return true;
        });
        await second.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, turns);
    }
}
