using System.Collections.Frozen;
using System.Text;

namespace Conclave.Http.Requests;

/// <summary>Names of the query parameters as spelled on the wire.</summary>
internal static class ParamNames
{
    private static readonly FrozenDictionary<string, Param> ByName = new Dictionary<string, Param>(StringComparer.Ordinal)
    {
        ["acquire"] = Param.Acquire, ["address"] = Param.Address, ["authmethod"] = Param.AuthMethod, ["cached"] = Param.Cached, ["cas"] = Param.Cas,
        ["consistent"] = Param.Consistent, ["datacenter"] = Param.Datacenter, ["dc"] = Param.Dc, ["dry"] = Param.Dry, ["enable"] = Param.Enable, ["filter"] = Param.Filter,
        ["flags"] = Param.Flags, ["force"] = Param.Force, ["format"] = Param.Format, ["hash"] = Param.Hash, ["id"] = Param.Id, ["index"] = Param.Index, ["keys"] = Param.Keys,
        ["kind"] = Param.Kind, ["leader-only"] = Param.LeaderOnly, ["leader"] = Param.Leader, ["limit"] = Param.Limit, ["local-only"] = Param.LocalOnly,
        ["logjson"] = Param.LogJson, ["loglevel"] = Param.LogLevel, ["max_stale"] = Param.MaxStale, ["merge-central-config"] = Param.Merge, ["name"] = Param.Name,
        ["near"] = Param.Near, ["node"] = Param.Node, ["node-meta"] = Param.NodeMeta, ["note"] = Param.Note, ["ns"] = Param.Ns, ["partition"] = Param.Partition,
        ["passing"] = Param.Passing, ["peer"] = Param.Peer, ["policy"] = Param.Policy, ["pretty"] = Param.Pretty, ["prune"] = Param.Prune, ["raw"] = Param.Raw,
        ["reason"] = Param.Reason, ["recurse"] = Param.Recurse, ["relay-factor"] = Param.RelayFactor, ["release"] = Param.Release,
        ["replace-existing-checks"] = Param.ReplaceExistingChecks, ["role"] = Param.Role, ["segment"] = Param.Segment, ["separator"] = Param.Separator,
        ["service"] = Param.Service, ["service-kind"] = Param.ServiceKind, ["source"] = Param.Source, ["source-type"] = Param.SourceType, ["stale"] = Param.Stale,
        ["tag"] = Param.Tag, ["token"] = Param.Token, ["wait"] = Param.Wait, ["wan"] = Param.Wan, ["destination"] = Param.Destination, ["by"] = Param.ByType,
        ["seconds"] = Param.Seconds, ["allow-stale"] = Param.AllowStale, ["pem"] = Param.Pem, ["cleanup"] = Param.Cleanup,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Param>.AlternateLookup<ReadOnlySpan<char>> Lookup = ByName.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The parameter of a raw (still escaped) name.</summary>
    public static Param Find(ReadOnlySpan<char> rawName)
    {
        if (rawName.IndexOfAny('%', '+') < 0) return Lookup.TryGetValue(rawName, out var known) ? known : Param.None;
        // An escaped name is legal but never hot.
        if (rawName.Length > 128) return Param.None;
        Span<byte> decoded = stackalloc byte[128];
        return QueryText.TryDecode(rawName, decoded, out var length) && ByName.TryGetValue(Encoding.UTF8.GetString(decoded[..length]), out var escaped) ? escaped : Param.None;
    }
}
