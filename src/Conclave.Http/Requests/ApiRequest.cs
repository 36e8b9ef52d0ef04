using System.Buffers;
using System.Net;
using System.Text;
using Conclave.Http.Json;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Conclave.Http.Requests;

/// <summary>
/// One request and its answer. Reused for the requests of a connection, so nothing of it may be kept after the handler's task has ended;
/// spans point into its own buffer. Exactly one <c>Send…</c> ends a request; headers are set before.
/// </summary>
public sealed partial class ApiRequest
{
    private const int KeptScratchBytesMax = 2048;

    private IFeatureCollection _features = null!;
    private IHttpRequestFeature _request = null!;
    private IHttpResponseFeature _response = null!;
    private IHttpResponseBodyFeature _responseBody = null!;
    private byte[] _scratch = [];
    private int _pathLength;
    private int _restStart;
    private string _target = "";
    private int _queryStart;

    internal ApiRequest(HttpFrontEnd server)
    {
        Server = server;
        _json = new JsonOut();
    }

    internal HttpFrontEnd Server { get; }

    /// <summary>The method; <see cref="HttpVerbs.None"/> for one the API does not use.</summary>
    public HttpVerbs Verb { get; private set; }

    /// <summary>The method as sent.</summary>
    public string Method => _request.Method;

    /// <summary>The decoded path.</summary>
    public ReadOnlySpan<byte> Path => _scratch.AsSpan(0, _pathLength);

    /// <summary>The decoded path below the route's pattern: an id or key, slashes included. Empty for exact routes.</summary>
    public ReadOnlySpan<byte> Rest => _scratch.AsSpan(_restStart, _pathLength - _restStart);

    /// <summary><see cref="Rest"/> as text.</summary>
    public string RestText => Encoding.UTF8.GetString(Rest);

    /// <summary>Ends when the client goes away or the server stops. Asking for it costs an allocation.</summary>
    public CancellationToken Aborted => _features.Get<IHttpRequestLifetimeFeature>()?.RequestAborted ?? default;

    /// <summary>Address of the client; null for a unix socket.</summary>
    public IPAddress? RemoteAddress => _features.Get<IHttpConnectionFeature>()?.RemoteIpAddress;

    /// <summary>Headers of the request.</summary>
    public IHeaderDictionary RequestHeaders => _request.Headers;

    /// <summary>Features of the transport, for answers that stream.</summary>
    public IFeatureCollection Features => _features;

    internal ReadOnlySpan<char> RawQuery => _target.AsSpan(_queryStart);

    /// <summary>Which endpoint it is for; null when there is none.</summary>
    internal Routing.Route? Route { get; set; }

    /// <summary>When it began, as a timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    internal long StartedAt { get; private set; }

    internal void Begin(IFeatureCollection features)
    {
        Route = null;
        StartedAt = System.Diagnostics.Stopwatch.GetTimestamp();
        _features = features;
        _request = features.GetRequiredFeature<IHttpRequestFeature>();
        _response = features.GetRequiredFeature<IHttpResponseFeature>();
        _responseBody = features.GetRequiredFeature<IHttpResponseBodyFeature>();
        Verb = ParseVerb(_request.Method);
    }

    internal void End()
    {
        _json.Release();
        _bodyHeld = false;
        _bodyEnd = default;
        _found.Clear();
        _present = 0;
        _target = "";
        _pathLength = _restStart = 0;
        if (_scratch.Length > KeptScratchBytesMax) _scratch = [];
        _features = null!;
        _request = null!;
        _response = null!;
        _responseBody = null!;
    }

    /// <summary>Splits and decodes the request target. False when it is malformed.</summary>
    internal bool TryDecodeTarget()
    {
        _target = _request.RawTarget;
        var target = _target.AsSpan();
        var start = target.Length > 0 && target[0] == '/' ? 0 : PathStartOfAbsoluteForm(target);
        if (start < 0) return false;
        var question = target.IndexOf('?');
        var raw = question < 0 ? target[start..] : target[start..Math.Max(start, question)];
        _queryStart = question < 0 ? target.Length : question + 1;
        if (_scratch.Length < target.Length) _scratch = new byte[Math.Max(256, target.Length)];
        if (raw.Length == 0)
        {
            _scratch[0] = (byte)'/';
            _pathLength = 1;
            return true;
        }
        return PathText.TryDecode(raw, _scratch, out _pathLength);
    }

    internal void SetRest(int start) => _restStart = start;

    private static int PathStartOfAbsoluteForm(ReadOnlySpan<char> target)
    {
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0) return -1;
        var slash = target[(scheme + 3)..].IndexOf('/');
        return slash < 0 ? target.Length : scheme + 3 + slash;
    }

    private static HttpVerbs ParseVerb(string method) => method switch
    {
        "GET" => HttpVerbs.Get,
        "PUT" => HttpVerbs.Put,
        "POST" => HttpVerbs.Post,
        "DELETE" => HttpVerbs.Delete,
        "HEAD" => HttpVerbs.Head,
        "OPTIONS" => HttpVerbs.Options,
        _ => HttpVerbs.None,
    };
}
