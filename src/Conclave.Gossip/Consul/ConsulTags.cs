using System.Globalization;
using Conclave.Core;

namespace Conclave.Gossip.Consul;

/// <summary>What an agent tells about itself in the pools, put into tags.</summary>
public sealed record ConsulTags
{
    /// <summary>Value of the tag <c>role</c> of servers.</summary>
    public const string ServerRole = "consul";

    /// <summary>Value of the tag <c>role</c> of clients.</summary>
    public const string ClientRole = "node";

    /// <summary>Datacenter.</summary>
    public required string Datacenter { get; init; }

    /// <summary>Id of the node, a UUID.</summary>
    public required string Id { get; init; }

    /// <summary>Version of the program and, behind a colon, its revision.</summary>
    public required string Build { get; init; }

    /// <summary>Network segment, usually empty.</summary>
    public string Segment { get; init; } = "";

    /// <summary><c>0</c> without access control, <c>1</c> with.</summary>
    public string Acls { get; init; } = "0";

    /// <summary>Port for RPC and Raft; 0 for a client.</summary>
    public ushort ServerPort { get; init; }

    /// <summary>Port in the pool between datacenters; 0 when there is none.</summary>
    public ushort WanJoinPort { get; init; }

    /// <summary>With how many servers a cluster is started; 1 is written as <c>bootstrap</c>, 0 not at all.</summary>
    public int Expect { get; init; }

    /// <summary>Whether RPC is taken over TLS.</summary>
    public bool UseTls { get; init; }

    /// <summary>Whether this server never votes.</summary>
    public bool IsReadReplica { get; init; }

    /// <summary>After how long in failure this member may be forgotten; zero for the pool's own time.</summary>
    public TimeSpan ReconnectTimeout { get; init; }

    /// <summary>The tags in the pool of the datacenter, in ordinal order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ForLan() => ToTags(isWan: false);

    /// <summary>The tags in the pool between datacenters, in ordinal order. Servers only.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ForWan() => ToTags(isWan: true);

    /// <summary>A server's name in the pool between datacenters.</summary>
    public static string WanName(string node, string datacenter) => $"{node}.{datacenter}";

    /// <summary>The name of the node that has this name in the pool between datacenters; other names stay as they are.</summary>
    public static string NodeName(string wanName, string datacenter) =>
        datacenter.Length > 0 && wanName.EndsWith("." + datacenter, StringComparison.Ordinal) ? wanName[..^(datacenter.Length + 1)] : wanName;

    private KeyValuePair<string, string>[] ToTags(bool isWan)
    {
        bool isServer = ServerPort > 0;
        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["acls"] = Acls,
            ["build"] = Build,
            ["dc"] = Datacenter,
            ["id"] = Id,
            ["role"] = isServer ? ServerRole : ClientRole,
            ["segment"] = Segment,
            ["vsn"] = "2",
            ["vsn_max"] = "3",
            ["vsn_min"] = "2",
        };
        if (isServer) AddServer(tags);
        if (isServer && !isWan && WanJoinPort > 0) tags["wan_join_port"] = Text(WanJoinPort);
        if (!isWan && ReconnectTimeout > TimeSpan.Zero) tags[Serf.ReconnectTag.Name] = GoDuration.From(ReconnectTimeout).ToString();
        return [.. tags];
    }

    private void AddServer(SortedDictionary<string, string> tags)
    {
        tags["port"] = Text(ServerPort);
        tags["raft_vsn"] = "3";
        tags["ft_fs"] = "1";
        tags["ft_si"] = "1";
        if (Expect == 1) tags["bootstrap"] = "1";
        if (Expect > 1) tags["expect"] = Text(Expect);
        if (UseTls) tags["use_tls"] = "1";
        if (!IsReadReplica) return;
        tags["nonvoter"] = "1";
        tags["read_replica"] = "1";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
