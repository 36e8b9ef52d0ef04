using System.Globalization;
using System.Text.Json;
using Conclave.Cli.Client;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Lock;

/// <summary>The one holder of <c>prefix/.lock</c>.</summary>
internal sealed class LockHolding(AgentClient client, LockSession session, string prefix) : Holding(client, session, prefix.TrimEnd('/') + "/.lock")
{
    /// <summary>Marks keys that are locks of the client libraries.</summary>
    private const ulong LockFlags = 0x2ddccbc058a50c18;

    /// <inheritdoc/>
    public override async Task ReleaseAsync(CancellationToken stop)
    {
        await Client.PutAsync(LockPath, Parameters("release"), ReadOnlyMemory<byte>.Empty, stop).ConfigureAwait(false);
        var answer = await Client.SendAsync(HttpMethod.Get, LockPath, null, null, stop).ConfigureAwait(false);
        if (answer.Status != 200) return;
        using var json = answer.Json();
        foreach (var entry in json.RootElement.Items())
            if (entry.Text("Session").Length == 0)
                await Client.SendAsync(HttpMethod.Delete, LockPath, new Query().Set("cas", entry.Unsigned("ModifyIndex").ToString(CultureInfo.InvariantCulture)), null, stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override bool IsHeld(JsonElement entry) => entry.Text("Session") == Session.Id;

    /// <inheritdoc/>
    protected override async Task<(bool Held, ulong Seen)> TryAcquireAsync(CancellationToken stop)
    {
        var current = await Client.SendAsync(HttpMethod.Get, LockPath, null, null, stop).ConfigureAwait(false);
        if (current.Status == 200)
        {
            using var json = current.Json();
            foreach (var entry in json.RootElement.Items())
            {
                if (entry.Unsigned("Flags") != LockFlags) throw new ApiException("existing key does not match lock use");
                if (entry.Text("Session").Length > 0) return (false, current.Index);
            }
        }
        else if (current.Status != 404) throw new ApiException($"failed to read lock: {AgentClient.Unexpected(current).Message}", current.Status);
        var answer = await Client.SendAsync(HttpMethod.Put, LockPath, Parameters("acquire"), ReadOnlyMemory<byte>.Empty, stop).ConfigureAwait(false);
        if (answer.Status != 200) throw new ApiException($"failed to acquire lock: {AgentClient.Unexpected(answer).Message}", answer.Status);
        return (answer.Text.Contains("true", StringComparison.Ordinal), 0);
    }

    private Query Parameters(string verb) => new Query().Set(verb, Session.Id).Set("flags", LockFlags.ToString(CultureInfo.InvariantCulture));
}
