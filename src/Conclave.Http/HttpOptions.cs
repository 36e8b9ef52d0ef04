using System.Net;

namespace Conclave.Http;

/// <summary>How the HTTP front end behaves. Read when the listeners start; validated by <see cref="Validate"/>.</summary>
public sealed record HttpOptions
{
    /// <summary>Indents every JSON answer, as development mode does; otherwise only <c>?pretty</c> does.</summary>
    public bool PrettyByDefault { get; init; }

    /// <summary>Whether <c>/</c> redirects to <c>/ui/</c>.</summary>
    public bool UiEnabled { get; init; }

    /// <summary>Headers added to every answer of the API (<c>http_config.response_headers</c>).</summary>
    public IReadOnlyDictionary<string, string> ResponseHeaders { get; init; } = new Dictionary<string, string>();

    /// <summary>Path prefixes that are answered with 403 (<c>http_config.block_endpoints</c>).</summary>
    public IReadOnlyList<string> BlockEndpoints { get; init; } = [];

    /// <summary>Networks that may write (<c>http_config.allow_write_http_from</c>); empty means everybody.</summary>
    public IReadOnlyList<IPNetwork> AllowWriteFrom { get; init; } = [];

    /// <summary>Whether <c>?cached</c> has an effect (<c>http_config.use_cache</c>).</summary>
    public bool UseCache { get; init; } = true;

    /// <summary>Whether answers announce address translation (<c>translate_wan_addrs</c>).</summary>
    public bool TranslateWanAddresses { get; init; }

    /// <summary>Lets control characters in paths through (<c>disable_http_unprintable_char_filter</c>).</summary>
    public bool AllowUnprintablePaths { get; init; }

    /// <summary>Value of <c>X-Consul-Default-ACL-Policy</c>.</summary>
    public string DefaultAclPolicy { get; init; } = "allow";

    /// <summary>Largest value of a key in bytes (<c>limits.kv_max_value_size</c>); default 512 KiB.</summary>
    public long KvValueBytesMax { get; init; } = 512 * 1024;

    /// <summary>Largest body of a transaction in bytes (<c>limits.txn_max_req_len</c>); 0 means the same as for keys.</summary>
    public long TxnBytesMax { get; init; }

    /// <summary>Largest body of any other JSON request in bytes; default 2 MiB.</summary>
    public long JsonBytesMax { get; init; } = 2 * 1024 * 1024;

    /// <summary>How long a blocking read waits when the client names no time (<c>default_query_time</c>); default 5 min.</summary>
    public TimeSpan DefaultQueryTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest wait of a blocking read (<c>max_query_time</c>); default 10 min.</summary>
    public TimeSpan MaxQueryTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Reads are stale by default when this is above zero, for catalog and health (<c>discovery_max_stale</c>).</summary>
    public TimeSpan DiscoveryMaxStale { get; init; }

    /// <summary>Open connections one client address may hold (<c>limits.http_max_conns_per_client</c>); 0 means no limit; default 200.</summary>
    public int ConnectionsPerClientMax { get; init; } = 200;

    /// <summary>Longest request line in bytes; default 128 KiB.</summary>
    public int RequestLineBytesMax { get; init; } = 128 * 1024;

    /// <summary>Total size of the request's headers in bytes (<c>http_config.max_header_bytes</c>); default 128 KiB.</summary>
    public int HeaderBytesMax { get; init; } = 128 * 1024;

    /// <summary>Time a client has to send its headers; default 30 s.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an idle connection is kept; default 130 s.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>Runs handlers on the thread that received the bytes. Cheaper per request, but a long rendering delays the other connections of that thread.</summary>
    public bool InlineScheduling { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">Names every option that is out of range.</exception>
    public void Validate()
    {
        var problems = new List<string>();
        if (KvValueBytesMax is < 1 or > 512 * 1024 * 1024) problems.Add($"kv_max_value_size is {KvValueBytesMax}; it must be between 1 and 536870912.");
        if (TxnBytesMax is < 0 or > 512 * 1024 * 1024) problems.Add($"txn_max_req_len is {TxnBytesMax}; it must be between 0 and 536870912.");
        if (DefaultQueryTime <= TimeSpan.Zero) problems.Add($"default_query_time is {DefaultQueryTime}; it must be positive.");
        if (MaxQueryTime <= TimeSpan.Zero) problems.Add($"max_query_time is {MaxQueryTime}; it must be positive.");
        if (ConnectionsPerClientMax < 0) problems.Add($"http_max_conns_per_client is {ConnectionsPerClientMax}; it must not be negative.");
        if (RequestLineBytesMax is < 1024 or > 1024 * 1024) problems.Add($"The request line limit is {RequestLineBytesMax}; it must be between 1 KiB and 1 MiB.");
        if (problems.Count > 0) throw new ArgumentException(string.Join(' ', problems));
    }
}
