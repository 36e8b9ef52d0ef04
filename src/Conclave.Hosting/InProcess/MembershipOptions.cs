using System.Net;
using Conclave.Gossip;
using Conclave.Gossip.Security;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting;

/// <summary>Timing of a pool; all members should have the same.</summary>
public enum MembershipProfile
{
    /// <summary>A network within a datacenter.</summary>
    Lan,

    /// <summary>A network between datacenters.</summary>
    Wan,

    /// <summary>The loopback interface: for tests.</summary>
    Local,
}

/// <summary>How a member of a pool runs. All problems are listed at once when it starts.</summary>
public sealed class MembershipOptions
{
    /// <summary>Name, unique in the pool. Default: the name of this host.</summary>
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>Address to listen on. Default: the loopback interface, so that nothing is open to the network unless asked for.</summary>
    public IPAddress BindAddress { get; set; } = IPAddress.Loopback;

    /// <summary>UDP and TCP port; 0 takes one that is free for both. Default 7946.</summary>
    public int Port { get; set; } = 7946;

    /// <summary>Address and port under which others reach this member; null (default) for what it listens on, which must then be a real address. Port 0 stands for the bound one.</summary>
    public IPEndPoint? Advertise { get; set; }

    /// <summary>Timing. Default <see cref="MembershipProfile.Lan"/>.</summary>
    public MembershipProfile Profile { get; set; } = MembershipProfile.Lan;

    /// <summary>Tags at the start; together at most 512 bytes encoded.</summary>
    public IDictionary<string, string> Tags { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Key of 16, 24 or 32 bytes in base64; empty (default) for no encryption. Not used when <see cref="KeyringPath"/> names a file that exists. Secret.</summary>
    public string EncryptionKey { get; set; } = "";

    /// <summary>File for the keys: it is read if it exists, and follows each change. Null (default) keeps them in memory.</summary>
    public string? KeyringPath { get; set; }

    /// <summary>File in which members are remembered for the next start. Null (default) for none.</summary>
    public string? SnapshotPath { get; set; }

    /// <summary>Where log lines go. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Clocks and timers.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Last word on all settings of the pool: gets those made from the profile and this object, gives those to use.</summary>
    public Func<GossipConfig, GossipConfig>? Configure { get; set; }

    /// <summary>What is wrong with the options; empty when the member may start.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (Name.Length == 0) problems.Add("Name is empty.");
        if (Port is < 0 or > 65535) problems.Add($"Port is {Port}; it must lie between 0 and 65535.");
        var advertised = Advertise?.Address ?? BindAddress;
        if (advertised.Equals(IPAddress.Any) || advertised.Equals(IPAddress.IPv6Any)) problems.Add($"BindAddress is {BindAddress} and Advertise is {Advertise?.ToString() ?? "null"}; one of them must be an address that others can reach.");
        if (EncryptionKey.Length > 0 && !IsKey(EncryptionKey)) problems.Add("EncryptionKey must be the base64 form of 16, 24 or 32 bytes.");
        return problems;
    }

    internal GossipConfig ToConfig()
    {
        var advertise = GossipEndpoint.From(Advertise?.Address ?? BindAddress, Advertise?.Port ?? Port);
        var profile = Profile switch
        {
            MembershipProfile.Wan => GossipConfig.Wan(Name, advertise),
            MembershipProfile.Local => GossipConfig.Local(Name, advertise),
            _ => GossipConfig.Lan(Name, advertise),
        };
        var config = profile with { Tags = [.. Tags.OrderBy(static tag => tag.Key, StringComparer.Ordinal)], KeepSnapshot = SnapshotPath is not null };
        return Configure?.Invoke(config) ?? config;
    }

    private static bool IsKey(string text)
    {
        Span<byte> bytes = stackalloc byte[64];
        return Convert.TryFromBase64String(text, bytes, out int written) && GossipKey.IsKeySize(written);
    }
}
