using System.Globalization;
using System.Text;
using System.Text.Json;
using Conclave.Agent.Events;
using Conclave.Cli.Client;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Watch;

/// <summary>Where a watch stands: what to ask next, and whether an answer is news for the handler.</summary>
internal sealed class WatchPlan(WatchView view)
{
    private byte[]? _last;

    /// <summary>Index of the last answer; 0 when the next request must not wait.</summary>
    public ulong Index { get; private set; }

    /// <summary>Asks; waits for a change when there was an answer before.</summary>
    /// <exception cref="ApiException">No answer, or an error.</exception>
    public async Task<ApiAnswer> FetchAsync(AgentClient client, bool isStale, CancellationToken stop)
    {
        var query = new Query(view.Query);
        if (isStale) query.Set("stale", "");
        if (Index > 0) query.Set("index", Index.ToString(CultureInfo.InvariantCulture));
        var answer = await client.SendAsync(HttpMethod.Get, view.Path, query, null, stop).ConfigureAwait(false);
        return answer.Status is 200 or 404 ? answer : throw AgentClient.Unexpected(answer);
    }

    /// <summary>Takes an answer. Returns what the handler gets, or null when it has seen that already.</summary>
    public byte[]? Take(ApiAnswer answer)
    {
        if (answer.Index == Index) return null;
        return view.AreEvents ? TakeEvents(answer) : TakeView(answer);
    }

    private byte[]? TakeView(ApiAnswer answer)
    {
        // An index that went back means a restored state: begin anew, as blocking reads demand.
        Index = answer.Index < Index ? 0 : answer.Index;
        byte[] body = view.Body(answer);
        // The index of a view also moves for changes that do not show in it.
        if (_last is not null && _last.AsSpan().SequenceEqual(body)) return null;
        return _last = body;
    }

    // The index of a list of events is the number of the last one and not ordered: what comes behind the event with the number seen last is new.
    private byte[]? TakeEvents(ApiAnswer answer)
    {
        ulong seen = Index;
        Index = answer.Index;
        using var json = answer.Json();
        var texts = new List<string>();
        foreach (var listed in json.RootElement.Items())
        {
            if (NumberOf(listed) == seen) texts.Clear();
            else texts.Add(listed.GetRawText());
        }
        return texts.Count == 0 ? null : Encoding.UTF8.GetBytes($"[{string.Join(',', texts)}]\n");
    }

    private static ulong NumberOf(JsonElement listed) => new UserEvent { Id = listed.Text("ID"), Name = "" }.Index;
}
