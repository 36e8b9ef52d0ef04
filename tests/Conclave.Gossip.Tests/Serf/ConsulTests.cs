using Conclave.Gossip.Consul;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>What Consul adds: the tags of agents, and who may join which pool.</summary>
public sealed class ConsulTests
{
    private const string Id = "9e1a2d66-0b7e-4c0e-8f0a-5d4f6f1a2b3c";

    private static readonly GossipEndpoint s_endpoint = PoolNet.EndpointOf(1);

    [Fact]
    public void What_a_server_tells_is_read_back_as_the_same()
    {
        var tags = new ConsulTags { Datacenter = "dc1", Id = Id, Build = "1.10.11:", ServerPort = 8300, WanJoinPort = 8302, Expect = 3, IsReadReplica = true, UseTls = true };
        Assert.True(ConsulServer.TryParse(Member("s1", tags.ForLan()), out var server));
        Assert.Equal(("s1", "s1", "dc1", Id, (ushort)8302, 3, false), (server.Name, server.NodeName, server.Datacenter, server.Id, server.WanJoinPort, server.Expect, server.Bootstrap));
        Assert.Equal((s_endpoint with { Port = 8300 }, new ConsulBuild(1, 10, 11), 3, 2), (server.Rpc, server.Build, server.RaftVersion, server.Version));
        Assert.True(server is { IsReadReplica: true, UseTls: true, IsFitForRaft: true });
        Assert.True(ConsulServer.TryParse(Member("s1.dc1", tags.ForWan()), out var inWan));
        Assert.Equal(("s1", (ushort)0), (inWan.NodeName, inWan.WanJoinPort));
    }

    [Fact]
    public void Recorded_agents_tell_what_ours_tell()
    {
        var recorded = new HashSet<string>(StringComparer.Ordinal);
        foreach (var vector in GossipVectors.All)
            foreach (var meta in MetasOf(vector.Decoded)) recorded.Add(string.Join(' ', NodeMeta.Decode(meta).Keys));
        var server = new ConsulTags { Datacenter = "dc1", Id = Id, Build = "1.10.11:", ServerPort = 8300, WanJoinPort = 8302, Expect = 1 };
        Assert.Contains(Names(server.ForLan()), recorded);
        Assert.Contains(Names(server.ForWan()), recorded);
        Assert.Contains(Names((server with { ServerPort = 0 }).ForLan()), recorded);
    }

    [Theory]
    [InlineData("genesis-3.2.1-x:abc", 3, 2, 1)]
    [InlineData("1.10.11:", 1, 10, 11)]
    [InlineData("1.2 then 4.5.6.7", 4, 5, 6)]
    public void A_build_is_found_in_what_stands_around_it(string text, int major, int minor, int patch)
    {
        Assert.True(ConsulBuild.TryFind(text, out var build));
        Assert.Equal(new ConsulBuild(major, minor, patch), build);
    }

    [Theory]
    [InlineData("port", null)]
    [InlineData("port", "eighty")]
    [InlineData("port", "70000")]
    [InlineData("vsn", null)]
    [InlineData("build", null)]
    [InlineData("build", "1.10")]
    [InlineData("build", "99999999999.1.1")]
    [InlineData("role", "node")]
    [InlineData("expect", "three")]
    [InlineData("raft_vsn", "x")]
    [InlineData("wan_join_port", "")]
    [InlineData("ft_other", "yes")]
    [InlineData("sl_blue", "nowhere")]
    public void Whoever_tells_something_else_is_no_server(string tag, string? value) =>
        Assert.False(ConsulServer.TryParse(Member("s1", With(ServerTags(), tag, value)), out _));

    [Theory]
    [InlineData("id", "not-a-uuid")]
    [InlineData("raft_vsn", "2")]
    [InlineData("raft_vsn", null)]
    public void A_server_without_id_or_the_right_protocol_is_not_fit_for_raft(string tag, string? value)
    {
        Assert.True(ConsulServer.TryParse(Member("s1", With(ServerTags(), tag, value)), out var server));
        Assert.False(server.IsFitForRaft);
    }

    [Fact]
    public void A_datacenter_takes_in_its_own_and_strangers_without_a_role_only()
    {
        var policy = new ConsulLanPolicy("me", Id, "dc1");
        Assert.Null(policy.Refuse(Member("s1", With(ServerTags(), "id", "other"))));
        Assert.Null(policy.Refuse(Member("plain", [])));
        Assert.Null(policy.Refuse(Member("me", ServerTags())));
        Assert.Equal("Member 's1' part of wrong datacenter 'dc2'", policy.Refuse(Member("s1", With(With(ServerTags(), "id", "other"), "dc", "dc2"))));
        Assert.Equal("Member 's1' part of wrong segment 'blue' (expected '')", policy.Refuse(Member("s1", With(With(ServerTags(), "id", "other"), "segment", "blue"))));
        Assert.Equal($"Member 's1' has conflicting node ID '{Id}' with this agent's ID", policy.Refuse(Member("s1", ServerTags())));
    }

    [Fact]
    public void Two_members_with_one_id_keep_a_pool_from_being_joined_unless_one_has_left()
    {
        var policy = new ConsulLanPolicy("me", Id, "dc1");
        var twin = With(ServerTags(), "id", "twin");
        Assert.Equal("Member 's2' has conflicting node ID 'twin' with member 's1'", policy.RefuseMerge([Member("s1", twin), Member("s2", twin)]));
        Assert.Null(policy.RefuseMerge([Member("s1", twin), Member("s2", twin) with { Status = MemberStatus.Left }]));
        Assert.Null(policy.RefuseMerge([Member("s1", twin), Member("s2", With(twin, "build", "0.8.4"))]));
    }

    [Fact]
    public void Between_datacenters_there_are_servers_only()
    {
        var policy = new ConsulWanPolicy();
        Assert.Null(policy.RefuseMerge([Member("s1.dc2", With(ServerTags(), "dc", "dc2"))]));
        Assert.Equal("Member 'plain' is not a server", policy.RefuseMerge([Member("s1.dc1", ServerTags()), Member("plain", [])]));
    }

    [Fact]
    public void Who_is_refused_never_appears_though_its_join_seems_to_work()
    {
        using var net = new PoolNet();
        var server = net.Add("s1", config => config with { Tags = ServerTags(), Policy = new ConsulLanPolicy("s1", Id, "dc1") });
        var stranger = net.Add("c1", config => config with { Tags = With(With(ServerTags(), "dc", "dc2"), "id", "other") });
        net.Join(stranger, server);
        net.Run(TimeSpan.FromSeconds(10));
        Assert.Equal(1, stranger.CompletionOf(1000)!.Value.Joined);
        Assert.Equal(2, stranger.Pool.MemberCount);
        Assert.Equal(1, server.Pool.MemberCount);
        Assert.Contains(server.Log, line => line.Contains("wrong datacenter 'dc2'", StringComparison.Ordinal));
    }

    private static IReadOnlyList<KeyValuePair<string, string>> ServerTags() =>
        new ConsulTags { Datacenter = "dc1", Id = Id, Build = "1.10.11:", ServerPort = 8300, WanJoinPort = 8302, Expect = 1 }.ForLan();

    private static KeyValuePair<string, string>[] With(IReadOnlyList<KeyValuePair<string, string>> tags, string name, string? value)
    {
        var changed = new SortedDictionary<string, string>(tags.ToDictionary(tag => tag.Key, tag => tag.Value), StringComparer.Ordinal);
        changed.Remove(name);
        if (value is not null) changed[name] = value;
        return [.. changed];
    }

    private static GossipMember Member(string name, IReadOnlyList<KeyValuePair<string, string>> tags) => new() { Name = name, Endpoint = s_endpoint, Tags = tags };

    private static string Names(IReadOnlyList<KeyValuePair<string, string>> tags) => string.Join(' ', tags.Select(tag => tag.Key));

    // Metadata wherever it lies in what was recorded.
    private static IEnumerable<byte[]> MetasOf(System.Text.Json.JsonElement element)
    {
        if (element.ValueKind == System.Text.Json.JsonValueKind.Array) return element.EnumerateArray().SelectMany(MetasOf);
        if (element.ValueKind != System.Text.Json.JsonValueKind.Object) return [];
        return element.EnumerateObject().SelectMany(property => property.Name == "Meta" ? MetaOf(property.Value) : MetasOf(property.Value));
    }

    private static IEnumerable<byte[]> MetaOf(System.Text.Json.JsonElement meta)
    {
        if (meta.ValueKind != System.Text.Json.JsonValueKind.Object || !meta.TryGetProperty("tags", out var tags)) return [];
        return NodeMeta.TryEncode([.. tags.EnumerateObject().Select(tag => new KeyValuePair<string, string>(tag.Name, tag.Value.GetString()!))], out byte[] encoded) ? [encoded] : [];
    }
}
