using Conclave.Agent.Pools;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Remote;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/coordinate/</c>: network coordinates of nodes.</summary>
public sealed class CoordinateEndpoints(ReadResponder reads, IAgentPools pools) : IEndpoints
{
    private readonly INodeGateway _gateway = reads.Gateway;

    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/coordinate/datacenters", HttpVerbs.Get, Datacenters);
        router.Add("/v1/coordinate/nodes", HttpVerbs.Get, Nodes);
        router.Add("/v1/coordinate/node/", HttpVerbs.Get, Node);
        router.Add("/v1/coordinate/update", HttpVerbs.Put, Update);
    }

    private async ValueTask Datacenters(ApiRequest request)
    {
        var datacenters = new List<DatacenterCoordinates>();
        if (reads.Servers is { } servers)
        {
            var (there, error) = await servers.ReadAsync("Coordinate.ListDatacenters", new QueryArguments(), static result => CoordinateResults.ReadDatacenters(result.Span)).ConfigureAwait(false);
            if (error is not null)
            {
                await request.SendErrorAsync(error).ConfigureAwait(false);
                return;
            }
            foreach (var (datacenter, coordinates) in there) datacenters.Add(new DatacenterCoordinates(datacenter, coordinates));
        }
        else pools.ListWanCoordinates(datacenters);
        var json = request.StartJson();
        json.BeginArray();
        foreach (var (datacenter, rows) in datacenters)
        {
            json.BeginObject();
            json.Name("Datacenter"u8);
            json.String(datacenter);
            json.Name("AreaID"u8);
            json.String("wan");
            json.Name("Coordinates"u8);
            json.BeginArray();
            foreach (var row in rows) ModelJson.Write(json, row);
            json.EndArray();
            json.EndObject();
        }
        json.EndArray();
        await request.SendJsonAsync().ConfigureAwait(false);
    }

    private ValueTask Nodes(ApiRequest request) => List(request, "Coordinate.ListNodes", "", static (root, watches, into) => root.Coordinates(watches, into));

    private ValueTask Node(ApiRequest request)
    {
        var node = request.RestText;
        return List(request, "Coordinate.Node", node, (root, watches, into) => root.NodeCoordinates(node, watches, into));
    }

    private ValueTask List(ApiRequest request, string method, string node, RowSource<CoordinateEntry> source)
    {
        if (!request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        Predicate<CoordinateEntry>? inSegment = null;
        if (request.Has(Param.Segment))
        {
            var segment = request.Text(Param.Segment);
            inSegment = entry => entry.Segment == segment;
        }
        return reads.RespondAsync(request, new RowsQuery<CoordinateEntry>(source, static (json, entry) => ModelJson.Write(json, entry), inSegment)
        {
            AtServers = reads.Servers is null ? null : new RemoteRows<CoordinateEntry>(method, "Coordinates", CoordinateCodec.Read, new QueryArguments { Datacenter = _gateway.Identity.Datacenter, Node = node }),
        }, options, ReadStyle.Plain);
    }

    private async ValueTask Update(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        var (datacenter, entry) = Read(new JsonBody(body.Bytes));
        request.ReleaseBody();
        if (datacenter.Length > 0 && datacenter != _gateway.Identity.Datacenter || request.IsForeignDatacenter(_gateway.Identity.Datacenter))
        {
            await request.SendErrorAsync(ErrorText.NoPath).ConfigureAwait(false);
            return;
        }
        var result = await _gateway.ApplyAsync(CommandCodec.Encode([entry]), default).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error) await request.SendErrorAsync(result.Text).ConfigureAwait(false);
        else await request.SendEmptyAsync().ConfigureAwait(false);
    }

    private static (string Datacenter, CoordinateEntry Entry) Read(JsonBody json)
    {
        string datacenter = "", node = "", segment = "";
        var coordinate = new Coordinate([], 0, 0, 0);
        if (json.EnterObject())
        {
            while (json.NextMember())
            {
                if (json.Is("Datacenter"u8)) datacenter = json.Text();
                else if (json.Is("Node"u8)) node = json.Text();
                else if (json.Is("Segment"u8)) segment = json.Text();
                else if (json.Is("Coord"u8)) coordinate = ReadCoordinate(ref json);
                else json.Skip();
            }
        }
        return (datacenter, new CoordinateEntry(node, segment, coordinate));
    }

    private static Coordinate ReadCoordinate(ref JsonBody json)
    {
        var vec = new List<double>();
        double error = 0, adjustment = 0, height = 0;
        if (json.EnterObject())
        {
            while (json.NextMember())
            {
                if (json.Is("Vec"u8))
                {
                    vec.Clear();
                    if (!json.EnterArray("[]float64")) continue;
                    while (json.NextElement()) vec.Add(json.Double());
                }
                else if (json.Is("Error"u8)) error = json.Double();
                else if (json.Is("Adjustment"u8)) adjustment = json.Double();
                else if (json.Is("Height"u8)) height = json.Double();
                else json.Skip();
            }
        }
        return new Coordinate([.. vec], error, adjustment, height);
    }
}
