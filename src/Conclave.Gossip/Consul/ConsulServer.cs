using System.Globalization;

namespace Conclave.Gossip.Consul;

/// <summary>A server as its tags describe it to the others.</summary>
public sealed record ConsulServer
{
    private const string SegmentPrefix = "sl_", FeaturePrefix = "ft_";

    /// <summary>Name in the pool; in the one between datacenters with the datacenter behind it.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the node.</summary>
    public required string NodeName { get; init; }

    /// <summary>Datacenter.</summary>
    public required string Datacenter { get; init; }

    /// <summary>Network segment, usually empty.</summary>
    public string Segment { get; init; } = "";

    /// <summary>Id of the node; what is not a UUID cannot become a voter.</summary>
    public string Id { get; init; } = "";

    /// <summary>Where it takes RPC and Raft.</summary>
    public required GossipEndpoint Rpc { get; init; }

    /// <summary>Port in the pool between datacenters; 0 when it takes no part in that.</summary>
    public ushort WanJoinPort { get; init; }

    /// <summary>Whether it may start a cluster alone.</summary>
    public bool Bootstrap { get; init; }

    /// <summary>With how many servers it starts a cluster; 0 when it does not.</summary>
    public int Expect { get; init; }

    /// <summary>Version of the protocol among agents.</summary>
    public int Version { get; init; }

    /// <summary>Version of the Raft protocol; 0 when it tells none.</summary>
    public int RaftVersion { get; init; }

    /// <summary>Version of its program.</summary>
    public ConsulBuild Build { get; init; }

    /// <summary>Whether it takes RPC over TLS.</summary>
    public bool UseTls { get; init; }

    /// <summary>Whether it never votes.</summary>
    public bool IsReadReplica { get; init; }

    /// <summary>What has become of it.</summary>
    public MemberStatus Status { get; init; }

    /// <summary>Whether it can be taken into Raft: with a UUID and version 3 of the protocol.</summary>
    public bool IsFitForRaft => RaftVersion >= 3 && Id.Length == 36 && Guid.TryParseExact(Id, "D", out _);

    /// <summary>Reads a member's tags; false for one that does not count as a server.</summary>
    public static bool TryParse(GossipMember member, out ConsulServer server)
    {
        server = null!;
        if (member.Tag("role") != ConsulTags.ServerRole) return false;
        if (!TryPort(member.Tag("port"), out ushort port) || !TryNumber(member.Tag("vsn"), out int version) || !ConsulBuild.TryFind(member.Tag("build"), out var build)) return false;
        if (!TryOptional(member.Tag("expect"), out int expect) || !TryOptional(member.Tag("raft_vsn"), out int raftVersion)) return false;
        if (!TryOptional(member.Tag("wan_join_port"), out int wanJoinPort) || wanJoinPort is < 0 or > ushort.MaxValue || !AreOthersValid(member)) return false;
        string datacenter = member.Tag("dc") ?? "";
        server = new ConsulServer
        {
            Name = member.Name,
            NodeName = ConsulTags.NodeName(member.Name, datacenter),
            Datacenter = datacenter,
            Segment = member.Tag("segment") ?? "",
            Id = member.Tag("id") ?? "",
            Rpc = member.Endpoint with { Port = port },
            WanJoinPort = (ushort)wanJoinPort,
            Bootstrap = member.Tag("bootstrap") is not null,
            Expect = expect,
            Version = version,
            RaftVersion = raftVersion,
            Build = build,
            UseTls = member.Tag("use_tls") is not null,
            IsReadReplica = member.Tag("read_replica") is not null || member.Tag("nonvoter") is not null,
            Status = member.Status,
        };
        return true;
    }

    private static bool AreOthersValid(GossipMember member)
    {
        foreach (var (name, value) in member.Tags)
        {
            if (name.StartsWith(FeaturePrefix, StringComparison.Ordinal) && !TryNumber(value, out _)) return false;
            if (name.StartsWith(SegmentPrefix, StringComparison.Ordinal) && !IsHostAndPort(value)) return false;
        }
        return true;
    }

    private static bool IsHostAndPort(string text)
    {
        int colon = text.LastIndexOf(':');
        return colon >= 0 && TryPort(text[(colon + 1)..], out _);
    }

    private static bool TryPort(string? text, out ushort port)
    {
        bool isPort = TryNumber(text, out int number) && number is >= 0 and <= ushort.MaxValue;
        port = isPort ? (ushort)number : (ushort)0;
        return isPort;
    }

    private static bool TryOptional(string? text, out int number)
    {
        number = 0;
        return text is null || TryNumber(text, out number);
    }

    private static bool TryNumber(string? text, out int number) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
}
