using Conclave.Http.Blocking;
using Conclave.Http.Requests;
using Conclave.Http.Routing;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/connect</c> of a server without a service mesh: questions about intentions are answered for none, everything else is refused at once.</summary>
public sealed class ConnectEndpoints(ReadResponder reads) : IEndpoints
{
    private const string Unavailable = "Connect must be enabled in order to use this endpoint";

    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/connect/ca/roots", HttpVerbs.Get, Refuse);
        router.Add("/v1/connect/ca/configuration", HttpVerbs.Get | HttpVerbs.Put, Refuse);
        router.Add("/v1/discovery-chain/", HttpVerbs.Get | HttpVerbs.Post, Refuse);
        router.Add("/v1/connect/intentions", HttpVerbs.Get | HttpVerbs.Post, request => request.Verb == HttpVerbs.Get ? List(request) : Refuse(request));
        router.Add("/v1/connect/intentions/match", HttpVerbs.Get, Match);
        router.Add("/v1/connect/intentions/check", HttpVerbs.Get, Check);
        router.Add("/v1/connect/intentions/exact", HttpVerbs.Get | HttpVerbs.Put | HttpVerbs.Delete, One);
        router.Add("/v1/connect/intentions/", HttpVerbs.Get | HttpVerbs.Put | HttpVerbs.Delete, One);
    }

    private static ValueTask Refuse(ApiRequest request) => request.TryReadOptions(out _) ? request.SendTextAsync(400, Unavailable) : request.SendRefusalAsync();

    private ValueTask List(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        return reads.RespondAsync(request, EmptyRows.New(reads), options, ReadStyle.Plain);
    }

    private ValueTask Match(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        if (!request.Has(Param.ByType)) return request.SendErrorAsync("required query parameter 'by' not set");
        if (request.Text(Param.ByType) is not ("source" or "destination")) return request.SendErrorAsync("'by' parameter must be one of 'source' or 'destination'");
        if (request.Values(Param.Name) is not { } names) return request.SendErrorAsync("required query parameter 'name' not set");
        return reads.RespondAsync(request, new NoMatchesQuery(names, EmptyRows.Question(reads)), options, ReadStyle.Plain);
    }

    // Without intentions and access control everything is allowed.
    private static ValueTask Check(ApiRequest request)
    {
        if (!request.Has(Param.Source)) return request.SendErrorAsync("required query parameter 'source' not set");
        if (!request.Has(Param.Destination)) return request.SendErrorAsync("required query parameter 'destination' not set");
        var json = request.StartJson();
        json.BeginObject();
        json.Name("Allowed"u8);
        json.Bool(true);
        json.EndObject();
        return request.SendJsonAsync();
    }

    private static ValueTask One(ApiRequest request) => request.Verb switch
    {
        HttpVerbs.Get => request.SendTextAsync(404, "Intention not found"),
        HttpVerbs.Delete => request.SendBoolAsync(true),
        _ => Refuse(request),
    };

    private sealed class NoMatchesQuery(List<string> names, Remote.RemoteQuestion? question) : ReadQuery
    {
        public override Remote.RemoteQuestion? Remote { get; } = question;

        public override Rpc.Messages.QueryMeta Read(ReadOnlyMemory<byte> result) => Rpc.Messages.RowResults.ReadMeta(result.Span);

        public override ulong Run(State.StateRoot root, State.WatchSet? watches) => 1;

        public override void Write(Json.JsonOut json)
        {
            json.BeginObject();
            foreach (var name in names)
            {
                json.Name(name);
                json.Null();
            }
            json.EndObject();
        }

        public override void Forget()
        {
            // There is nothing to hold.
        }

        protected override void OnCopied()
        {
            // The names never change.
        }
    }
}
