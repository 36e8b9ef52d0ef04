using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Requests;
using Conclave.Http.Routing;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/query</c> of a server that holds no prepared queries: reads say so truthfully, creations are refused at once.</summary>
public sealed class PreparedQueryEndpoints(ReadResponder reads) : IEndpoints
{
    private const string NotFound = "Query not found";

    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/query", HttpVerbs.Get | HttpVerbs.Post, request => request.Verb == HttpVerbs.Get ? List(request) : Create(request));
        router.Add("/v1/query/", HttpVerbs.Get | HttpVerbs.Put | HttpVerbs.Delete, One);
    }

    private ValueTask List(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        return reads.RespondAsync(request, EmptyRows.New(reads), options, ReadStyle.Plain);
    }

    private static async ValueTask Create(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        CheckBody(body);
        request.ReleaseBody();
        await request.SendTextAsync(400, "Prepared queries are not supported by this server").ConfigureAwait(false);
    }

    private static ValueTask One(ApiRequest request) =>
        request.Verb == HttpVerbs.Get ? request.SendTextAsync(404, NotFound) : request.SendErrorAsync($"Cannot modify non-existent prepared query: '{request.RestText}'");

    private static void CheckBody(in RequestBody body)
    {
        var json = new JsonBody(body.Bytes);
        TreeJson.ReadMap(ref json);
    }
}
