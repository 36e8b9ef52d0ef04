using System.Net.Sockets;
using System.Text.Json;

namespace Conclave.Conformance.Player;

/// <summary>Plays cases against one server, one after another.</summary>
internal sealed class CasePlayer(RawHttpClient client, IReadOnlyDictionary<string, string> facts, string? token)
{
    // Long enough for a background request to be waiting in the server before the next step begins.
    private static readonly TimeSpan s_headStart = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_retryPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_settlePause = TimeSpan.FromMilliseconds(100);
    private const int SettleRoundsMax = 20;

    /// <summary>Null when everything fitted, else the step and the first difference.</summary>
    public async Task<string?> PlayAsync(ConformanceCase one, CancellationToken stop)
    {
        var state = new PlayState(facts);
        var tokenIsExplicit = one.Mode.StartsWith("acl", StringComparison.Ordinal);
        var failure = await new Run(this, state, tokenIsExplicit ? null : token, stop).StepsAsync(one.Steps);
        await CleanUpAsync(one, state, stop);
        if (WritesToTheAgent(one.Steps)) await SettleAsync(stop);
        return failure;
    }

    private async Task CleanUpAsync(ConformanceCase one, PlayState state, CancellationToken stop)
    {
        if (one.Cleanup.ValueKind != JsonValueKind.Array) return;
        foreach (var step in one.Cleanup.EnumerateArray())
        {
            try
            {
                await client.SendAsync(RequestBuilder.Build(step, state, token), stop);
            }
            catch (Exception problem) when (IsNoAnswer(problem) || problem is UnboundValueException)
            {
                // The case has its verdict; cleaning up may find nothing to remove, or a value that was never captured.
                continue;
            }
        }
    }

    private static bool WritesToTheAgent(JsonElement steps) =>
        steps.EnumerateArray().Any(step => step.TryGetProperty("path", out var path) && path.GetString()!.StartsWith("/v1/agent/", StringComparison.Ordinal) && step.GetProperty("method").GetString() != "GET");

    /// <summary>What an agent is told reaches the catalog a moment later. The next case reads indexes of whole tables, so that moment has to be over.</summary>
    private async Task SettleAsync(CancellationToken stop)
    {
        string? index = null;
        for (var round = 0; round < SettleRoundsMax; round++)
        {
            var before = index;
            index = (await client.SendAsync(RawRequest.Get("/v1/health/state/any?stale"), stop)).Header("X-Consul-Index");
            if (index == before) return;
            await Task.Delay(s_settlePause, stop);
        }
    }

    private static bool IsNoAnswer(Exception problem) => problem is IOException or SocketException or OperationCanceledException or FormatException;

    /// <summary>The life of one case: requests under way and the end of the last one.</summary>
    private sealed class Run(CasePlayer player, PlayState state, string? token, CancellationToken stop)
    {
        private readonly Dictionary<string, Task<RawResponse>> _underWay = [];
        private long? _lastEnd;

        public async Task<string?> StepsAsync(JsonElement steps)
        {
            var number = 0;
            foreach (var step in steps.EnumerateArray())
            {
                number++;
                var difference = await TryStepAsync(step);
                if (difference is not null) return $"step {number} {Describe(step)}\n      {difference}";
            }
            return null;
        }

        private async Task<Mismatch?> TryStepAsync(JsonElement step)
        {
            try
            {
                return await StepAsync(step);
            }
            catch (UnboundValueException unbound)
            {
                return new Mismatch("step", "<bound values>", unbound.Message);
            }
            catch (Exception problem) when (IsNoAnswer(problem) && !stop.IsCancellationRequested)
            {
                return new Mismatch("request", "<an answer>", $"{problem.GetType().Name}: {problem.Message}");
            }
        }

        private static string Describe(JsonElement step) =>
            step.TryGetProperty("method", out var method) ? $"{method.GetString()} {step.GetProperty("path").GetString()}" : step.GetRawText().Split("\"expect\"")[0];

        private async Task<Mismatch?> StepAsync(JsonElement step)
        {
            if (step.TryGetProperty("sleep", out var pause))
            {
                await Task.Delay(TimeSpan.FromSeconds(pause.GetDouble()), stop);
                return null;
            }
            if (step.TryGetProperty("pending", out var pending))
                return _underWay[pending.GetString()!].IsCompleted ? new Mismatch("background", "<still waiting>", "<already answered>") : null;
            if (step.TryGetProperty("join", out var join))
            {
                _underWay.Remove(join.GetString()!, out var joined);
                return AnswerCheck.Check(step.GetProperty("expect"), await joined!, state, _lastEnd);
            }
            var request = RequestBuilder.Build(step, state, token);
            if (step.TryGetProperty("background", out var name))
            {
                _underWay[name.GetString()!] = Task.Run(() => player.Client.SendAsync(request, stop), stop);
                await Task.Delay(s_headStart, stop);
                return null;
            }
            return await RequestAsync(step, request);
        }

        private async Task<Mismatch?> RequestAsync(JsonElement step, RawRequest request)
        {
            var patience = step.TryGetProperty("eventually", out var seconds) ? TimeSpan.FromSeconds(seconds.GetDouble()) : TimeSpan.Zero;
            var begun = TimeProvider.System.GetTimestamp();
            while (true)
            {
                var answer = await player.Client.SendAsync(request, stop);
                _lastEnd = answer.EndedAt;
                var trial = state.Copy();
                var difference = AnswerCheck.Check(step.GetProperty("expect"), answer, trial);
                if (difference is null)
                {
                    state.Adopt(trial);
                    return null;
                }
                if (TimeProvider.System.GetElapsedTime(begun) >= patience) return difference;
                await Task.Delay(s_retryPause, stop);
            }
        }
    }

    private RawHttpClient Client => client;
}
