namespace Conclave.Conformance.Player;

/// <summary>A request as it goes out.</summary>
/// <param name="Method">Verb.</param>
/// <param name="Target">Path with query, sent untouched.</param>
/// <param name="Headers">Headers beside those that the client adds (Host, Accept-Encoding, Content-Length).</param>
/// <param name="Body">Null for a request without a body and without a length.</param>
/// <param name="Chunked">Send the body as one chunk instead of with a length.</param>
internal sealed record RawRequest(string Method, string Target, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[]? Body = null, bool Chunked = false)
{
    public bool Has(string header) => Headers.Any(own => own.Key.Equals(header, StringComparison.OrdinalIgnoreCase));

    public static RawRequest Get(string target) => new("GET", target, []);

    public static RawRequest Put(string target, string body = "") => new("PUT", target, [], System.Text.Encoding.UTF8.GetBytes(body));

    public static RawRequest Delete(string target) => new("DELETE", target, []);
}
