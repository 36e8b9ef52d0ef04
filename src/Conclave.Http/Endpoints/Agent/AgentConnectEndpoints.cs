using Conclave.Http.Json;
using Conclave.Http.Requests;

namespace Conclave.Http.Endpoints.Agent;

/// <summary><c>/v1/agent/connect</c>: there is no mesh here; requests are checked and answered at once.</summary>
internal static class AgentConnectEndpoints
{
    private const string NoMesh = "Connect is not available on this agent";

    public static ValueTask Unavailable(ApiRequest request) => request.SendTextAsync(404, NoMesh);

    public static async ValueTask Authorize(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        var (target, uri) = Decode(body);
        request.ReleaseBody();
        if (target.Length == 0) await request.SendTextAsync(400, "Bad request: Target service must be specified").ConfigureAwait(false);
        else if (!IsIdentity(uri)) await request.SendTextAsync(400, "Bad request: ClientCertURI not a valid Connect identifier").ConfigureAwait(false);
        else await Unavailable(request).ConfigureAwait(false);
    }

    private static (string Target, string Uri) Decode(in RequestBody body)
    {
        var json = new JsonBody(body.Bytes, "Bad request: Request decode failed: ");
        string target = "", uri = "";
        if (!json.EnterObject()) return (target, uri);
        while (json.NextMember())
        {
            if (json.Is("Target"u8)) target = json.Text();
            else if (json.Is("ClientCertURI"u8)) uri = json.Text();
            else json.Skip();
        }
        return (target, uri);
    }

    private static bool IsIdentity(string uri) => uri.StartsWith("spiffe://", StringComparison.Ordinal) && uri.Contains("/svc/", StringComparison.Ordinal);
}
