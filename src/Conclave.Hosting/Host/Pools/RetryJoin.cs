using Conclave.Core;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Pools;

/// <summary>Joins again and again until somebody answers.</summary>
/// <param name="cluster"><c>LAN</c> or <c>WAN</c>.</param>
/// <param name="addresses">Whom to ask.</param>
/// <param name="interval">Pause between attempts.</param>
/// <param name="attemptsMax">Attempts; 0 for no end.</param>
/// <param name="join">One attempt: how many answered, or what went wrong.</param>
/// <param name="logger">Where its lines go.</param>
/// <param name="time">Timers.</param>
internal sealed class RetryJoin(string cluster, IReadOnlyList<string> addresses, TimeSpan interval, int attemptsMax, Func<IReadOnlyList<string>, CancellationToken, Task<(int Joined, string? Error)>> join, ILogger logger, TimeProvider time)
{
    /// <summary>Runs until somebody has answered (null), the attempts are used up (the reason) or <paramref name="stop"/> (null).</summary>
    public async Task<string?> RunAsync(CancellationToken stop)
    {
        PoolLog.Joining(logger, cluster);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                var (joined, error) = await join(addresses, stop).ConfigureAwait(false);
                if (error is null)
                {
                    PoolLog.Joined(logger, cluster, joined);
                    return null;
                }
                if (attempt == attemptsMax) return "agent: max join retry exhausted, exiting";
                PoolLog.WillRetry(logger, cluster, GoDuration.From(interval).ToString(), error.ReplaceLineEndings("; "));
                await Task.Delay(interval, time, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return null;
            }
        }
    }
}
