using Conclave.Http.Requests;

namespace Conclave.Http.Endpoints;

/// <summary>First steps of requests with a JSON body.</summary>
public static class BodyReading
{
    /// <summary>Refuses namespaces and reads the body within the limit. Null when the request has been answered already.</summary>
    public static async ValueTask<RequestBody?> ReadJsonAsync(ApiRequest request)
    {
        if (!request.TryRefuseNamespace())
        {
            await request.SendRefusalAsync().ConfigureAwait(false);
            return null;
        }
        var bytesMax = request.Server.Options.JsonBytesMax;
        var body = await request.ReadBodyAsync(bytesMax).ConfigureAwait(false);
        if (!body.TooLarge) return body;
        await request.SendTextAsync(413, $"Request body({body.Length} bytes) too large, max size: {bytesMax} bytes.").ConfigureAwait(false);
        return null;
    }
}
