using Conclave.Http.Requests;

namespace Conclave.Http.Endpoints.Kv;

/// <summary>A value as it is. What somebody stored must never act as a page of ours: no sniffing, no scripts.</summary>
internal static class KvRaw
{
    public const string ContentType = "text/plain";

    public static void SetHeaders(ApiRequest request)
    {
        request.ResponseHeaders.XContentTypeOptions = "nosniff";
        request.ResponseHeaders.ContentSecurityPolicy = "sandbox";
    }
}
