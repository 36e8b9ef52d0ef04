using System.Globalization;
using System.Text;
using System.Text.Json;
using Conclave.Cli.Client;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Lock;

/// <summary>
/// One of several places at a prefix: each contender has the key <c>prefix/session</c>, and <c>prefix/.lock</c> lists the limit and the holders.
/// </summary>
internal sealed class SemaphoreHolding(AgentClient client, LockSession session, string prefix, int limit) : Holding(client, session, prefix.TrimEnd('/') + "/.lock")
{
    /// <summary>Marks keys that are semaphores of the client libraries.</summary>
    private const ulong SemaphoreFlags = 0xe0f69a2baa414de0;

    private readonly string _root = prefix.TrimEnd('/');
    private bool _contends;

    private string ContenderPath => "/v1/kv/" + Query.EscapePath($"{_root}/{Session.Id}");

    /// <inheritdoc/>
    public override async Task ReleaseAsync(CancellationToken stop)
    {
        for (var written = false; !written;)
        {
            var (holders, index, _) = await ReadAsync(stop).ConfigureAwait(false);
            written = !holders.Remove(Session.Id) || await WriteAsync(holders, limit, index, stop).ConfigureAwait(false);
        }
        await Client.SendAsync(HttpMethod.Delete, ContenderPath, null, null, stop).ConfigureAwait(false);
        // The last one out removes the list, so that the prefix may serve another use; a newcomer in between makes the removal fail, as it should.
        var (left, last, _) = await ReadAsync(stop).ConfigureAwait(false);
        if (left.Count == 0 && last > 0)
            await Client.SendAsync(HttpMethod.Delete, LockPath, new Query().Set("cas", last.ToString(CultureInfo.InvariantCulture)), null, stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override bool IsHeld(JsonElement entry) => HoldersOf(entry).Holders.Contains(Session.Id);

    /// <inheritdoc/>
    protected override async Task<(bool Held, ulong Seen)> TryAcquireAsync(CancellationToken stop)
    {
        if (!_contends)
        {
            var contender = await Client.SendAsync(HttpMethod.Put, ContenderPath, Flags().Set("acquire", Session.Id), ReadOnlyMemory<byte>.Empty, stop).ConfigureAwait(false);
            if (contender.Status != 200 || !contender.Text.Contains("true", StringComparison.Ordinal)) throw new ApiException("failed to make contender entry");
            _contends = true;
        }
        var (holders, index, seen) = await ReadAsync(stop).ConfigureAwait(false);
        if (holders.Count >= limit) return (false, seen);
        holders.Add(Session.Id);
        // A lost race says nothing about the number of places: look again at once by waiting on an index that has passed.
        return (await WriteAsync(holders, limit, index, stop).ConfigureAwait(false), 1);
    }

    /// <summary>The holders whose sessions live, the index for the next write, and the index to wait on.</summary>
    private async Task<(SortedSet<string> Holders, ulong ModifyIndex, ulong Seen)> ReadAsync(CancellationToken stop)
    {
        var answer = await Client.SendAsync(HttpMethod.Get, "/v1/kv/" + Query.EscapePath(_root + "/"), new Query().Set("recurse", ""), null, stop).ConfigureAwait(false);
        if (answer.Status is not (200 or 404)) throw new ApiException($"failed to read prefix: {AgentClient.Unexpected(answer).Message}", answer.Status);
        var (holders, alive, modified) = (new SortedSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal), 0UL);
        if (answer.Status == 404) return (holders, 0, answer.Index);
        using var json = answer.Json();
        foreach (var entry in json.RootElement.Items())
            if (entry.Text("Key") == _root + "/.lock")
            {
                if (entry.Unsigned("Flags") != SemaphoreFlags) throw new ApiException("existing key does not match semaphore use");
                var (names, known) = HoldersOf(entry);
                if (known != 0 && known != limit) throw new ApiException($"semaphore limit conflict (lock: {known}, local: {limit})");
                holders.UnionWith(names);
                modified = entry.Unsigned("ModifyIndex");
            }
            else if (entry.Text("Session") is { Length: > 0 } alivePlace) alive.Add(alivePlace);
        holders.IntersectWith(alive);
        return (holders, modified, answer.Index);
    }

    private async Task<bool> WriteAsync(SortedSet<string> holders, int places, ulong index, CancellationToken stop)
    {
        var names = string.Join(',', holders.Select(holder => $"\"{holder}\":true"));
        var body = Encoding.UTF8.GetBytes($"{{\"Limit\":{places},\"Holders\":{{{names}}}}}");
        var answer = await Client.PutAsync(LockPath, Flags().Set("cas", index.ToString(CultureInfo.InvariantCulture)), body, stop).ConfigureAwait(false);
        return answer.Text.Contains("true", StringComparison.Ordinal);
    }

    private static Query Flags() => new Query().Set("flags", SemaphoreFlags.ToString(CultureInfo.InvariantCulture));

    private static (List<string> Holders, long Limit) HoldersOf(JsonElement entry)
    {
        var value = entry.Field("Value") is { ValueKind: JsonValueKind.String } text ? text.GetBytesFromBase64() : [];
        if (value.Length == 0) return ([], 0);
        try
        {
            using var json = JsonDocument.Parse(value);
            var holders = new List<string>();
            if (json.RootElement.Field("Holders") is { ValueKind: JsonValueKind.Object } map)
                foreach (var holder in map.EnumerateObject()) holders.Add(holder.Name);
            return (holders, json.RootElement.Number("Limit"));
        }
        catch (JsonException)
        {
            throw new ApiException("failed to decode semaphore lock entry");
        }
    }
}
