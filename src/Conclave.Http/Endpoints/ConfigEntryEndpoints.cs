using Conclave.Core;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/config</c> of a server that holds no configuration entries: reads say so truthfully, writes are refused at once.</summary>
public sealed class ConfigEntryEndpoints(ReadResponder reads) : IEndpoints
{
    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/config", HttpVerbs.Put, Apply);
        router.Add("/v1/config/", HttpVerbs.Get | HttpVerbs.Delete, request => request.Verb == HttpVerbs.Get ? Get(request) : Delete(request));
    }

    private static async ValueTask Apply(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        CheckBody(body);
        request.ReleaseBody();
        await request.SendTextAsync(400, "Config entries are not supported by this server").ConfigureAwait(false);
    }

    private async ValueTask Get(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options))
        {
            await request.SendRefusalAsync().ConfigureAwait(false);
            return;
        }
        var path = request.RestText;
        var slash = path.IndexOf('/');
        if (slash < 0)
        {
            await reads.RespondAsync(request, EmptyRows.New(reads), options, ReadStyle.Plain).ConfigureAwait(false);
            return;
        }
        if (await reads.TryBeginAsync(request, options).ConfigureAwait(false) is { } error)
        {
            await request.SendErrorAsync(error).ConfigureAwait(false);
            return;
        }
        await request.SendTextAsync(404, $"Config entry not found for {GoQuote.Quote(path[..slash])} / {GoQuote.Quote(path[(slash + 1)..])}").ConfigureAwait(false);
    }

    // Deleting what is not there is fine.
    private static ValueTask Delete(ApiRequest request)
    {
        var json = request.StartJson();
        json.BeginObject();
        json.EndObject();
        return request.SendJsonAsync();
    }

    private static void CheckBody(in RequestBody body)
    {
        var json = new JsonBody(body.Bytes, "Bad request: Request decoding failed: ");
        TreeJson.ReadMap(ref json);
    }
}
