using System.Net;
using System.Security.Authentication;
using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Requests a URL: 2xx is passing, 429 warning, everything else critical.</summary>
internal static class HttpProbe
{
    private const int ReadBytes = 4096;

    public static async Task<ProbeResult> RunAsync(CheckDefinition check, HttpClients clients, int outputMax, CancellationToken stop)
    {
        string method = check.Method.Length > 0 ? check.Method.ToUpperInvariant() : "GET";
        if (!TryParseUrl(check.Http, out var url)) return Failed($"{Title(method)} \"{check.Http}\": unsupported protocol scheme or malformed URL");
        try
        {
            using var request = Request(check, method, url);
            using var response = await clients.For(check).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop).ConfigureAwait(false);
            string output = await ReadAsync(response, outputMax, stop).ConfigureAwait(false);
            int status = (int)response.StatusCode;
            string text = $"HTTP {method} {check.Http}: {status} {Phrase(response)} Output: {output}";
            return new(status is >= 200 and <= 299 ? HealthStatus.Passing : status == 429 ? HealthStatus.Warning : HealthStatus.Critical, text);
        }
        catch (OperationCanceledException)
        {
            return Failed($"{Title(method)} \"{check.Http}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or FormatException or InvalidOperationException)
        {
            return Failed($"{Title(method)} \"{check.Http}\": {Reason(url, failure)}");
        }
    }

    /// <summary>Parses a URL; an IPv4 address in brackets, which URL parsers refuse, is legal here because it works for the peers.</summary>
    internal static bool TryParseUrl(string text, out Uri url)
    {
        int open = text.IndexOf("://[", StringComparison.Ordinal), close = open < 0 ? -1 : text.IndexOf(']', open);
        if (close > 0 && IPAddress.TryParse(text.AsSpan(open + 4, close - open - 4), out var ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            text = $"{text.AsSpan(0, open + 3)}{text.AsSpan(open + 4, close - open - 4)}{text.AsSpan(close + 1)}";
        return Uri.TryCreate(text, UriKind.Absolute, out url!) && url.Scheme is "http" or "https";
    }

    private static HttpRequestMessage Request(CheckDefinition check, string method, Uri url)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), url) { Version = HttpVersion.Version11 };
        if (check.Body.Length > 0) request.Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(check.Body));
        request.Headers.ConnectionClose = true;
        if (check.Header is not null)
            foreach (var (name, values) in check.Header)
                foreach (string value in values) AddHeader(request, name, value);
        if (!request.Headers.Contains("User-Agent")) request.Headers.TryAddWithoutValidation("User-Agent", "Consul Health Check");
        if (!request.Headers.Contains("Accept")) request.Headers.TryAddWithoutValidation("Accept", "text/plain, text/*, */*");
        return request;
    }

    private static void AddHeader(HttpRequestMessage request, string name, string value)
    {
        if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) request.Headers.Host = value;
        else if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content?.Headers.TryAddWithoutValidation(name, value);
    }

    /// <summary>Reads to the end, keeps the end: memory is bounded by the output, time by the check's timeout.</summary>
    private static async Task<string> ReadAsync(HttpResponseMessage response, int outputMax, CancellationToken stop)
    {
        var tail = new TailBuffer(outputMax);
        byte[] buffer = new byte[ReadBytes];
        var body = await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        while (await body.ReadAsync(buffer, stop).ConfigureAwait(false) is var read and > 0) tail.Add(buffer.AsSpan(0, read));
        return tail.ToString();
    }

    private static string Phrase(HttpResponseMessage response) =>
        string.IsNullOrEmpty(response.ReasonPhrase) ? Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase((int)response.StatusCode) : response.ReasonPhrase;

    private static string Reason(Uri url, Exception failure)
    {
        if (ProbeErrors.Find<AuthenticationException>(failure) is { } tls) return tls.Message;
        string host = url.IdnHost;
        return ProbeErrors.Find<System.Net.Sockets.SocketException>(failure) is null
            ? failure.Message
            : ProbeErrors.Dial("tcp", $"{(host.Contains(':') ? $"[{host}]" : host)}:{url.Port}", host, failure);
    }

    // "Get", "Post": the way the peers' HTTP library begins its errors.
    private static string Title(string method) => method.Length == 0 ? method : method[0] + method[1..].ToLowerInvariant();

    private static ProbeResult Failed(string text) => new(HealthStatus.Critical, text);
}
