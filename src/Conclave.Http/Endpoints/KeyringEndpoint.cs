using System.Globalization;
using System.Text;
using Conclave.Agent;
using Conclave.Agent.Pools;
using Conclave.Core;
using Conclave.Http.Endpoints.Agent;
using Conclave.Http.Json;
using Conclave.Http.Requests;
using Conclave.Http.Routing;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/operator/keyring</c>: the keys that gossip is encrypted with.</summary>
internal sealed class KeyringEndpoint(IAgentPools pools) : IEndpoints
{
    /// <inheritdoc/>
    public void Map(Router router) => router.Add("/v1/operator/keyring", HttpVerbs.Get | HttpVerbs.Post | HttpVerbs.Put | HttpVerbs.Delete, Handle);

    private async ValueTask Handle(ApiRequest request)
    {
        string key = "";
        if (request.Verb != HttpVerbs.Get)
        {
            if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
            key = ReadKey(new JsonBody(body.Bytes, "Bad request: Request decode failed: "));
            request.ReleaseBody();
        }
        if (Refusal(request, out int relayFactor, out bool isLocalOnly) is { } refusal)
        {
            await request.SendTextAsync(400, "Bad request: " + refusal).ConfigureAwait(false);
            return;
        }
        var answer = await pools.ManageKeysAsync(new KeyringRequest(VerbOf(request), key, relayFactor, isLocalOnly), CancellationToken.None).ConfigureAwait(false);
        if (!answer.Outcome.IsOk) await request.SendAsync(answer.Outcome).ConfigureAwait(false);
        else if (Errors(answer.Pools) is { } errors) await request.SendErrorAsync(errors).ConfigureAwait(false);
        else if (request.Verb == HttpVerbs.Get) await SendAsync(request, answer.Pools).ConfigureAwait(false);
        else await request.SendEmptyAsync().ConfigureAwait(false);
    }

    private static KeyringVerb VerbOf(ApiRequest request) => request.Verb switch
    {
        HttpVerbs.Post => KeyringVerb.Install,
        HttpVerbs.Put => KeyringVerb.Use,
        HttpVerbs.Delete => KeyringVerb.Remove,
        _ => KeyringVerb.List,
    };

    private static string ReadKey(JsonBody json)
    {
        string key = "";
        if (!json.EnterObject()) return key;
        while (json.NextMember())
        {
            if (json.Is("Key"u8)) key = json.Text();
            else json.Skip();
        }
        return key;
    }

    private static string? Refusal(ApiRequest request, out int relayFactor, out bool isLocalOnly)
    {
        relayFactor = 0;
        isLocalOnly = false;
        if (request.Bytes(Param.RelayFactor).Length > 0)
        {
            string text = request.Text(Param.RelayFactor);
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out relayFactor))
                return $"Error parsing relay factor: strconv.Atoi: parsing {GoQuote.Quote(text)}: invalid syntax";
            if (relayFactor is < 0 or > KeyringRequest.RelayFactorMax) return $"Invalid relay factor: Relay factor must be in range: [0, {KeyringRequest.RelayFactorMax}]";
        }
        if (request.Bytes(Param.LocalOnly).Length == 0) return null;
        string local = request.Text(Param.LocalOnly);
        isLocalOnly = local is "1" or "t" or "T" or "true" or "TRUE" or "True";
        if (!isLocalOnly && local is not ("0" or "f" or "F" or "false" or "FALSE" or "False"))
            return $"Error parsing local-only: strconv.ParseBool: parsing {GoQuote.Quote(local)}: invalid syntax";
        return isLocalOnly && request.Verb != HttpVerbs.Get ? "Invalid use of local-only: local-only can only be set for list requests" : null;
    }

    // One pool that failed makes the whole request fail, with what every failing pool and its members said.
    private static string? Errors(IReadOnlyList<PoolKeys> pools)
    {
        var errors = new List<string>();
        foreach (var pool in pools)
        {
            if (pool.Error.Length == 0) continue;
            string name = pool.IsWan ? "WAN" : $"{pool.Datacenter} (LAN)";
            if (pool.Segment.Length > 0) name += $" [segment: {pool.Segment}]";
            errors.Add($"{name} error: {pool.Error}");
            foreach (var (member, message) in pool.Messages) errors.Add($"{member}: {message}");
        }
        if (errors.Count == 0) return null;
        var text = new StringBuilder(errors.Count == 1 ? "1 error occurred:\n" : string.Create(CultureInfo.InvariantCulture, $"{errors.Count} errors occurred:\n"));
        foreach (string error in errors) text.Append("\t* ").Append(error).Append('\n');
        return text.Append('\n').ToString();
    }

    private static ValueTask SendAsync(ApiRequest request, IReadOnlyList<PoolKeys> pools)
    {
        var json = request.StartJson();
        json.BeginArray();
        foreach (var pool in pools)
        {
            json.BeginObject();
            json.Name("WAN"u8);
            json.Bool(pool.IsWan);
            json.Name("Datacenter"u8);
            json.String(pool.Datacenter);
            json.Name("Segment"u8);
            json.String(pool.Segment);
            if (pool.Messages.Count > 0)
            {
                json.Name("Messages"u8);
                AgentJson.WriteTexts(json, pool.Messages);
            }
            json.Name("Keys"u8);
            WriteCounts(json, pool.Keys);
            json.Name("PrimaryKeys"u8);
            WriteCounts(json, pool.PrimaryKeys);
            json.Name("NumNodes"u8);
            json.Number(pool.NodeCount);
            json.EndObject();
        }
        json.EndArray();
        return request.SendJsonAsync();
    }

    private static void WriteCounts(JsonOut json, IReadOnlyList<KeyValuePair<string, int>> counts)
    {
        json.BeginObject();
        foreach (var (key, count) in counts)
        {
            json.Name(key);
            json.Number(count);
        }
        json.EndObject();
    }
}
