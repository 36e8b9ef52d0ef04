using System.Globalization;
using System.Text;
using Conclave.Core;
using Conclave.Node;

namespace Conclave.Http.Requests;

public sealed partial class ApiRequest
{
    private const int DurationBytesMax = 64;
    private const int CacheSecondsMax = 365 * 24 * 3600;       // a bound in a header means no more than that

    private readonly List<FoundParam> _found = [];
    private ulong _present;
    private string _refusal = "";

    /// <summary>True when the parameter is there, with or without a value.</summary>
    public bool Has(Param param) => (_present & 1UL << (int)param) != 0;

    /// <summary>The decoded value of a parameter (of its first occurrence); empty when absent.</summary>
    public ReadOnlySpan<byte> Bytes(Param param)
    {
        if (!Has(param)) return default;
        foreach (var found in _found)
            if (found.Param == param) return _scratch.AsSpan(found.Start, found.Length);
        return default;
    }

    /// <summary>The value of a parameter as text; empty when absent.</summary>
    public string Text(Param param)
    {
        var bytes = Bytes(param);
        return bytes.Length == 0 ? "" : Encoding.UTF8.GetString(bytes);
    }

    /// <summary>All values of a repeated parameter; null when absent.</summary>
    public List<string>? Values(Param param)
    {
        if (!Has(param)) return null;
        var values = new List<string>();
        foreach (var found in _found)
            if (found.Param == param) values.Add(Encoding.UTF8.GetString(_scratch, found.Start, found.Length));
        return values;
    }

    /// <summary>The pairs of <c>node-meta=key:value</c>; null when absent.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? NodeMeta()
    {
        if (Values(Param.NodeMeta) is not { } values) return null;
        var pairs = new List<KeyValuePair<string, string>>(values.Count);
        foreach (var value in values)
        {
            var colon = value.IndexOf(':');
            var pair = colon < 0 ? new KeyValuePair<string, string>(value, "") : new KeyValuePair<string, string>(value[..colon], value[(colon + 1)..]);
            var at = pairs.FindIndex(p => p.Key == pair.Key);
            if (at < 0) pairs.Add(pair);
            else pairs[at] = pair;
        }
        return pairs;
    }

    /// <summary>The token of the caller: header <c>X-Consul-Token</c>, then <c>Authorization: Bearer</c>, then the parameter; empty when none.</summary>
    public string Token()
    {
        var header = RequestHeaders["X-Consul-Token"].ToString();
        if (header.Length > 0) return header;
        var authorization = RequestHeaders.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization["Bearer ".Length..].Trim() : Text(Param.Token);
    }

    /// <summary>True when the request names another datacenter than <paramref name="local"/>.</summary>
    public bool IsForeignDatacenter(string local)
    {
        var dc = Bytes(Param.Dc);
        return dc.Length > 0 && !Ascii.EqualsIgnoreCase(dc, local);
    }

    /// <summary>Reads the parameters of the query. False when there are too many.</summary>
    internal bool TryReadQuery()
    {
        _found.Clear();
        _present = 0;
        var rest = RawQuery;
        if (rest.Length == 0) return true;
        var end = _pathLength;
        var count = 0;
        while (QueryText.TryNext(ref rest, out var name, out var value))
        {
            if (++count > QueryText.PairsMax) return false;
            var param = ParamNames.Find(name);
            if (param == Param.None || !QueryText.TryDecode(value, _scratch.AsSpan(end), out var length)) continue;
            _found.Add(new FoundParam(param, end, length));
            _present |= 1UL << (int)param;
            end += length;
        }
        return true;
    }

    /// <summary>Reads the options of a read: consistency, caching, index and wait. When false, answer with <see cref="SendRefusalAsync"/>.</summary>
    public bool TryReadOptions(out ReadOptions options)
    {
        options = default;
        return TryReadConsistency(ref options) && TryReadCacheControl(ref options) && TryReadWait(ref options);
    }

    /// <summary>True unless the request carries a namespace, which this edition refuses. When false, answer with <see cref="SendRefusalAsync"/>.</summary>
    public bool TryRefuseNamespace()
    {
        if (Bytes(Param.Ns).Length > 0)
        {
            _refusal = "Bad request: Invalid query parameter: \"ns\" - Namespaces are a Consul Enterprise feature";
            return false;
        }
        if (RequestHeaders.ContainsKey("X-Consul-Namespace"))
        {
            _refusal = "Bad request: Invalid header: \"X-Consul-Namespace\" - Namespaces are a Consul Enterprise feature";
            return false;
        }
        return true;
    }

    /// <summary>Reads a duration parameter. False when it is there and malformed; the value is zero when absent or empty.</summary>
    public bool TryDuration(Param param, out TimeSpan value)
    {
        value = default;
        if (Bytes(param).Length == 0) return true;
        if (Bytes(param).Length > DurationBytesMax || !GoDuration.TryParse(Text(param), out var duration, out _)) return false;
        value = duration.ToTimeSpan();
        return true;
    }

    /// <summary>Reads an unsigned decimal parameter. False when it is not one (also when empty).</summary>
    public bool TryUnsigned(Param param, out ulong value) => ulong.TryParse(Bytes(param), NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>What this request asks for, without how and how long it waits: equal texts mean equal answers.</summary>
    internal string QuestionKey()
    {
        var key = new StringBuilder(_pathLength + 16);
        foreach (var b in Path) key.Append((char)b);
        foreach (var found in _found)
        {
            if (found.Param is Param.Index or Param.Wait or Param.Stale or Param.Consistent or Param.Cached or Param.MaxStale or Param.Token or Param.Dc or Param.Leader) continue;
            key.Append('\uffff').Append((char)found.Param);
            foreach (var b in _scratch.AsSpan(found.Start, found.Length)) key.Append((char)b);
        }
        // The only parameter whose meaning depends on who asks.
        if (Bytes(Param.Near).SequenceEqual("_ip"u8)) key.Append('\uffff').Append(RemoteAddress);
        return key.ToString();
    }

    /// <summary>Answers 400 with the text that the last <c>Try…</c> left.</summary>
    public ValueTask SendRefusalAsync() => SendTextAsync(400, _refusal);

    private bool TryReadConsistency(ref ReadOptions options)
    {
        var stale = Has(Param.Stale);
        var consistent = Has(Param.Consistent);
        var byDefault = !stale && !consistent && !Has(Param.Leader);
        options.Cached = Server.Options.UseCache && Has(Param.Cached);
        if (Bytes(Param.MaxStale).Length > 0)
        {
            if (!TryDuration(Param.MaxStale, out var maxStale)) return Refuse($"Invalid max_stale value {GoQuote.Quote(Text(Param.MaxStale))}");
            byDefault = false;
            stale |= maxStale > TimeSpan.Zero;
            options.MaxStale = maxStale;
        }
        if (byDefault && Server.Options.DiscoveryMaxStale > TimeSpan.Zero && (Path.StartsWith("/v1/catalog"u8) || Path.StartsWith("/v1/health"u8)))
        {
            stale = true;
            options.MaxStale = Server.Options.DiscoveryMaxStale;
        }
        if (stale && consistent) return Refuse("Cannot specify ?stale with ?consistent, conflicting semantics.");
        if (options.Cached && consistent) return Refuse("Cannot specify ?cached with ?consistent, conflicting semantics.");
        options.Mode = stale ? ReadMode.Stale : consistent ? ReadMode.Consistent : ReadMode.Default;
        return true;
    }

    private bool TryReadCacheControl(ref ReadOptions options)
    {
        var header = RequestHeaders.CacheControl;
        if (header.Count == 0) return true;
        foreach (var part in header.ToString().AsSpan().Split(','))
        {
            var directive = header.ToString().AsSpan()[part].Trim();
            var equals = directive.IndexOf('=');
            if (equals < 0) continue;
            var name = directive[..equals];
            if (!name.Equals("max-age", StringComparison.OrdinalIgnoreCase) && !name.Equals("stale-if-error", StringComparison.OrdinalIgnoreCase)) continue;
            if (!long.TryParse(directive[(equals + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds)) return Refuse("Invalid Cache-Control header.");
            if (name.Equals("stale-if-error", StringComparison.OrdinalIgnoreCase)) options.StaleIfError = TimeSpan.FromSeconds(Math.Clamp(seconds, 0, CacheSecondsMax));
        }
        return true;
    }

    private bool TryReadWait(ref ReadOptions options)
    {
        if (!TryDuration(Param.Wait, out options.Wait)) return Refuse("Invalid wait time");
        if (Bytes(Param.Index).Length > 0 && !TryUnsigned(Param.Index, out options.Index)) return Refuse("Invalid index");
        return true;
    }

    private bool Refuse(string text)
    {
        _refusal = text;
        return false;
    }

    private readonly record struct FoundParam(Param Param, int Start, int Length);
}
