using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Conclave.Cli.Client;

/// <summary>A request did not succeed; the message is what the user sees after the verb's own words.</summary>
internal sealed class ApiException(string message, int status = 0, string body = "") : Exception(message)
{
    /// <summary>HTTP status, or 0 when there was no answer.</summary>
    public int Status => status;

    /// <summary>Body of the answer.</summary>
    public string Body => body;
}

/// <summary>An answer: status, body and the index header.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">Whole body.</param>
/// <param name="Index">Value of <c>X-Consul-Index</c>, 0 when absent.</param>
internal sealed record ApiAnswer(int Status, byte[] Body, ulong Index)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonDocument Json()
    {
        try
        {
            return JsonDocument.Parse(Body);
        }
        catch (JsonException error)
        {
            throw new ApiException($"the agent's answer is not JSON: {error.Message}");
        }
    }
}

/// <summary>A small client of an agent's HTTP API with the error texts of Consul's own.</summary>
internal sealed class AgentClient : IDisposable
{
    private readonly ClientOptions _options;
    private readonly HttpFlags _flags;
    private readonly HttpClient _http;

    /// <exception cref="ClientSetupException">Certificates cannot be read.</exception>
    public AgentClient(ClientOptions options, HttpFlags flags)
    {
        (_options, _flags) = (options, flags);
        // No time limit: blocking queries last minutes, and the user can interrupt.
        _http = new HttpClient(Handler(options)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Sends a request and reads the whole answer, whatever its status.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path, percent-encoded, beginning with <c>/v1/</c>.</param>
    /// <param name="query">Parameters; null values stand without <c>=</c> form as empty.</param>
    /// <param name="body">Body, or null.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="ApiException">No answer.</exception>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, Query? query, ReadOnlyMemory<byte>? body, CancellationToken stop)
    {
        using var response = await OpenAsync(method, path, query, body is { } bytes ? new ReadOnlyMemoryContent(bytes) : null, stop).ConfigureAwait(false);
        return await ReadAsync(response, stop).ConfigureAwait(false);
    }

    /// <summary>Like <see cref="SendAsync"/>, but every status other than 200 is an error with the body in its text.</summary>
    public async Task<ApiAnswer> RequireAsync(HttpMethod method, string path, Query? query, ReadOnlyMemory<byte>? body, CancellationToken stop)
    {
        var answer = await SendAsync(method, path, query, body, stop).ConfigureAwait(false);
        return answer.Status == 200 ? answer : throw Unexpected(answer);
    }

    public Task<ApiAnswer> GetAsync(string path, Query? query, CancellationToken stop) => RequireAsync(HttpMethod.Get, path, query, null, stop);

    public Task<ApiAnswer> PutAsync(string path, Query? query, ReadOnlyMemory<byte>? body, CancellationToken stop) => RequireAsync(HttpMethod.Put, path, query, body, stop);

    /// <summary>Sends a request and hands out the answer when its headers are there.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, Query? query, HttpContent? content, CancellationToken stop)
    {
        var url = Url(path, query);
        using var request = new HttpRequestMessage(method, url) { Content = content };
        if (_options.Token.Length > 0) request.Headers.TryAddWithoutValidation("X-Consul-Token", _options.Token);
        if (_options.BasicAuth.Length > 0) request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(_options.BasicAuth)));
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop).ConfigureAwait(false);
        }
        catch (HttpRequestException error)
        {
            throw new ApiException($"{Verb(method)} \"{ShownUrl(path, query)}\": {Reason(error)}");
        }
    }

    /// <summary>The error for a status that is not 200.</summary>
    public static ApiException Unexpected(ApiAnswer answer) =>
        new($"Unexpected response code: {answer.Status} ({answer.Text})", answer.Status, answer.Text);

    /// <summary>The error for an opened answer whose status is not 200.</summary>
    /// <exception cref="ApiException">The body cannot be read.</exception>
    public static async Task<ApiException> UnexpectedAsync(HttpResponseMessage response, CancellationToken stop) =>
        Unexpected(await ReadAsync(response, stop).ConfigureAwait(false));

    /// <summary>Value of <c>X-Consul-Index</c>, 0 when absent.</summary>
    public static ulong IndexOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-Consul-Index", out var values) && ulong.TryParse(values.FirstOrDefault(), out var index) ? index : 0;

    private static async Task<ApiAnswer> ReadAsync(HttpResponseMessage response, CancellationToken stop)
    {
        try
        {
            var content = await response.Content.ReadAsByteArrayAsync(stop).ConfigureAwait(false);
            return new ApiAnswer((int)response.StatusCode, content, IndexOf(response));
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new ApiException("unexpected EOF");
        }
    }

    private Uri Url(string path, Query? query)
    {
        // The host part of a unix socket's URL says nothing; the connection goes to the socket.
        var root = _options.SocketPath.Length > 0 ? "http://unix" : _options.BaseUrl;
        if (!Uri.TryCreate(root + path + Parameters(query), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }, out var url))
            throw new ApiException($"parse \"{root}{path}\": invalid URL");
        return url;
    }

    private string ShownUrl(string path, Query? query) => _options.BaseUrl + path + Parameters(query);

    private string Parameters(Query? query)
    {
        query = query is null ? new Query() : new Query(query);
        if (_flags.Datacenter.Length > 0) query.Set("dc", _flags.Datacenter);
        if (_flags.Stale) query.Set("stale", "");
        return query.ToString();
    }

    private static string Verb(HttpMethod method) => method.Method[0] + method.Method[1..].ToLowerInvariant();

    private string Reason(HttpRequestException error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException socket) return Dial(socket);
            if (cause is AuthenticationException) return cause.Message;
        }
        return error.HttpRequestError == HttpRequestError.ResponseEnded ? "EOF" : error.InnerException?.Message ?? error.Message;
    }

    private string Dial(SocketException error)
    {
        var (network, target) = _options.SocketPath.Length > 0 ? ("unix", _options.SocketPath) : ("tcp", new Uri(_options.BaseUrl).Authority);
        var reason = error.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connect: connection refused",
            SocketError.HostNotFound or SocketError.NoData => $"lookup {new Uri(_options.BaseUrl).Host}: no such host",
            SocketError.NetworkUnreachable => "connect: network is unreachable",
            SocketError.HostUnreachable => "connect: no route to host",
            SocketError.TimedOut => "i/o timeout",
            SocketError.AddressNotAvailable when network == "unix" => "connect: no such file or directory",
            SocketError.ConnectionReset => "read: connection reset by peer",
            _ => error.Message,
        };
        return $"dial {network} {target}: {reason}";
    }

    private static SocketsHttpHandler Handler(ClientOptions options)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = true, PooledConnectionLifetime = Timeout.InfiniteTimeSpan, UseCookies = false };
        if (options.SocketPath.Length > 0) handler.ConnectCallback = (_, stop) => ConnectAsync(options.SocketPath, stop);
        if (options.BaseUrl.StartsWith("https:", StringComparison.Ordinal)) handler.SslOptions = Tls(options);
        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Tls(ClientOptions options)
    {
        var tls = new SslClientAuthenticationOptions { TargetHost = options.TlsServerName.Length > 0 ? options.TlsServerName : null };
        try
        {
            if (options.ClientCertificate.Length > 0)
                tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(options.ClientCertificate, options.ClientKey.Length > 0 ? options.ClientKey : null)];
            if (options.CaFile.Length + options.CaPath.Length > 0)
            {
                tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                if (options.CaFile.Length > 0) tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(options.CaFile);
                foreach (var file in options.CaPath.Length > 0 ? Directory.GetFiles(options.CaPath) : []) tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(file);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new ClientSetupException($"Error loading certificates: {error.Message}");
        }
        if (!options.VerifyTls) tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        return tls;
    }
}
