using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Conclave.Cli.Client;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Lock;

/// <summary>A lock or a place that can be held.</summary>
internal abstract class Holding(AgentClient client, LockSession session, string lockKey)
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(15), RetryPause = TimeSpan.FromSeconds(5), MonitorPause = TimeSpan.FromSeconds(2);

    protected AgentClient Client => client;

    protected LockSession Session => session;

    protected string LockPath { get; } = "/v1/kv/" + Query.EscapePath(lockKey);

    /// <summary>Tries until it is held; false when <paramref name="patience"/> (zero: endless) is over.</summary>
    public async Task<bool> AcquireAsync(TimeSpan patience, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        for (ulong index = 0; ;)
        {
            var (held, seen) = await TryAcquireAsync(stop).ConfigureAwait(false);
            if (held) return true;
            if (patience > TimeSpan.Zero && clock.Elapsed >= patience) return false;
            // Free, yet refused: the lock delay runs, and no change of the key will tell its end.
            if (seen == 0) await Task.Delay(RetryPause, stop).ConfigureAwait(false);
            else index = await WaitAsync(index, Left(patience, clock), stop).ConfigureAwait(false);
        }
    }

    public abstract Task ReleaseAsync(CancellationToken stop);

    /// <summary>Whether an answer about the lock's key still shows this holder.</summary>
    protected abstract bool IsHeld(JsonElement entry);

    /// <summary>One attempt; <c>Seen</c> is the index to wait on, 0 for none.</summary>
    protected abstract Task<(bool Held, ulong Seen)> TryAcquireAsync(CancellationToken stop);

    /// <summary>Watches the lock and ends <paramref name="until"/> when it is lost; returns when that is ended.</summary>
    public async Task LostAsync(int retries, CancellationTokenSource until)
    {
        ulong index = 0;
        for (var failures = 0; !until.IsCancellationRequested;)
            try
            {
                var answer = await Client.SendAsync(HttpMethod.Get, LockPath, Blocking(index, Wait), null, until.Token).ConfigureAwait(false);
                if (answer.Status is not (200 or 404)) throw AgentClient.Unexpected(answer);
                failures = 0;
                index = answer.Index < index ? 0 : answer.Index;
                if (!StillHeld(answer)) await until.CancelAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (ApiException)
            {
                if (++failures > retries) await until.CancelAsync().ConfigureAwait(false);
                else await Task.WhenAny(Task.Delay(MonitorPause, until.Token)).ConfigureAwait(false);
            }
    }

    protected static Query Blocking(ulong index, TimeSpan wait)
    {
        var query = new Query();
        if (index > 0) query.Set("index", index.ToString(CultureInfo.InvariantCulture)).Set("wait", $"{(long)wait.TotalMilliseconds}ms");
        return query;
    }

    private bool StillHeld(ApiAnswer answer)
    {
        if (answer.Status == 404) return false;
        using var json = answer.Json();
        foreach (var entry in json.RootElement.Items()) return IsHeld(entry);
        return false;
    }

    private async Task<ulong> WaitAsync(ulong index, TimeSpan wait, CancellationToken stop)
    {
        var answer = await Client.SendAsync(HttpMethod.Get, LockPath, Blocking(index, wait), null, stop).ConfigureAwait(false);
        if (answer.Status is not (200 or 404)) throw new ApiException($"failed to read lock: {AgentClient.Unexpected(answer).Message}", answer.Status);
        return answer.Index < index ? 0 : answer.Index;
    }

    private static TimeSpan Left(TimeSpan patience, Stopwatch clock)
    {
        if (patience == TimeSpan.Zero) return Wait;
        var left = patience - clock.Elapsed;
        return left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left < Wait ? left : Wait;
    }
}
