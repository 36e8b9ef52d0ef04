using System.Diagnostics;

namespace Conclave.Interop;

/// <summary>Waits for what must become true; what was seen last stands in the failure.</summary>
internal static class Eventually
{
    // Far beyond what a pool takes: machines that run tests are busy.
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static async Task<T> Become<T>(Func<Task<T>> look, Func<T, bool> isRight, string what)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var seen = await look();
            if (isRight(seen)) return seen;
            if (watch.Elapsed > Patience) Assert.Fail($"{what}: not within {Patience.TotalSeconds} s; last seen: {seen}");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    public static Task<T> Become<T>(Func<T> look, Func<T, bool> isRight, string what) => Become(() => Task.FromResult(look()), isRight, what);
}
