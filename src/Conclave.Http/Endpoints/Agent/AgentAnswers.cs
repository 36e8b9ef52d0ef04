using Conclave.Agent;
using Conclave.Core;
using Conclave.Http.Requests;

namespace Conclave.Http.Endpoints.Agent;

/// <summary>Answers that several agent endpoints give.</summary>
internal static class AgentAnswers
{
    /// <summary>An empty 200, or the status that belongs to the outcome with its text.</summary>
    public static ValueTask SendAsync(this ApiRequest request, in AgentOutcome outcome) => outcome.Kind switch
    {
        AgentOutcomeKind.Ok => request.SendEmptyAsync(),
        AgentOutcomeKind.BadRequest => request.SendTextAsync(400, outcome.Text),
        AgentOutcomeKind.NotFound => request.SendTextAsync(404, outcome.Text),
        _ => request.SendErrorAsync(outcome.Text),
    };

    /// <summary>The same for an outcome that may still be under way.</summary>
    public static ValueTask SendAsync(this ApiRequest request, ValueTask<AgentOutcome> pending)
    {
        return pending.IsCompletedSuccessfully ? request.SendAsync(pending.Result) : Wait(request, pending);

        static async ValueTask Wait(ApiRequest request, ValueTask<AgentOutcome> pending) =>
            await request.SendAsync(await pending.ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Whether a switch is on: present, and not set to false.</summary>
    public static bool IsSwitchedOn(this ApiRequest request, Param param) =>
        request.Has(param) && !request.Bytes(param).SequenceEqual("false"u8) && !request.Bytes(param).SequenceEqual("0"u8);

    /// <summary>Reads the parameter <c>enable</c>. When false, <paramref name="error"/> says why.</summary>
    public static bool TryReadEnable(this ApiRequest request, out bool enable, out string error)
    {
        enable = false;
        error = "Missing value for enable";
        if (request.Bytes(Param.Enable).Length == 0) return false;
        string text = request.Text(Param.Enable);
        error = $"Invalid value for enable: {GoQuote.Quote(text)}";
        enable = text is "1" or "t" or "T" or "true" or "TRUE" or "True";
        return enable || text is "0" or "f" or "F" or "false" or "FALSE" or "False";
    }
}
