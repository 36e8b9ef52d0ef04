using System.Text;
using System.Text.Json;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;
using Conclave.Gossip.Streams;

namespace Conclave.Fuzz;

/// <summary>Valid inputs out of the recorded vectors (<c>tests/data/vectors</c>).</summary>
internal static class Corpus
{
    private const int UnpackedBytesMax = 64 << 20;

    public static IEnumerable<byte[]> Filters { get; } = Texts(
        "Service == web and not (a in Tags or Meta[\"some key\"] != `x`)",
        "Checks.Status == \"passing\" or Node.Address matches \"^10[.]\"",
        "not not Service.Port == 0x50",
        "Service.Tags is not empty and Service.Meta contains v",
        "\"\\x22\\u00e9\\101\" not in Checks.ServiceTags",
        "((((Node.Node not matches `(a|b)*c`))))");

    public static IEnumerable<byte[]> Queries { get; } = Texts(
        "index=41&wait=5m0s&stale", "dc=dc1&filter=Service+%3D%3D+%22web%22&near=_agent", "recurse&separator=%2F&keys", "node-meta=a:b&node-meta=c%3Ad&&=&x", "flags=18446744073709551615&cas=0");

    public static IEnumerable<byte[]> Bodies { get; } = Texts(
        """{"Node":"n1","Address":"10.0.0.1","TaggedAddresses":{"lan":"10.0.0.1"},"Service":{"Service":"web","Tags":["a"],"Port":80,"Weights":{"Passing":1,"Warning":1},"Meta":{"v":"1"}},"Check":{"CheckID":"c","Status":"passing","Definition":{"Interval":"10s","Header":{"a":["b"]}}}}""",
        """[{"KV":{"Verb":"set","Key":"a","Value":"aGVsbG8=","Flags":18446744073709551615}},{"Node":{"Verb":"set","Node":{"Node":"n"}}},{"Check":{"Verb":"cas","Check":{"Node":"n","CheckID":"c"},"Index":1}}]""",
        """{"node":"n","serviceid":"w","CheckID":null} trailing""",
        """{"Checks":[{"Name":"\u00e9\ud83d\ude00\ud800","Interval":1.5e9}]}""");

    public static IEnumerable<byte[]> Configs { get; } = Texts(
        """
        # a comment
        node_name = "n1"
        ports { http = 8500, dns = -1 }
        service { name = "web" tags = ["a", "b"] check { id = "c" args = ["sh", "-c", "true"] interval = "10s" } }
        // more
        performance { raft_multiplier = 1 }
        text = <<EOF
        lines
        EOF
        """,
        """{"datacenter":"dc1","server":true,"bootstrap_expect":3,"retry_join":["10.0.0.1"],"services":[{"name":"a","port":1}]}""");

    /// <summary>Logs for the applier: the recorded one, its commands in short runs.</summary>
    public static IEnumerable<byte[]> Logs(string root) => Hexes(root, "raft", "entries").Chunk(12).Select(Targets.ApplyTarget.Pack);

    public static IEnumerable<byte[]> Calls(string root) => Hexes(root, "rpc", "vectors");

    /// <summary>Recorded messages of gRPC, each behind its prefix, and one with every field.</summary>
    public static IEnumerable<byte[]> Subscriptions(string root)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "rpc", "grpc.json")));
        foreach (var item in document.RootElement.EnumerateArray())
            if (item.GetProperty("layer").GetString() == "protobuf") yield return Framed(Convert.FromHexString(item.GetProperty("hex").GetString()!));
        using var writer = new Rpc.Grpc.ProtoWriter();
        new Rpc.Grpc.SubscribeRequest { Topic = Rpc.Grpc.StreamTopic.ServiceHealthConnect, Key = "web", Token = "secret", Index = 300, Datacenter = "dc1", Namespace = "default" }.Write(writer);
        byte[] whole = Framed(writer.ToArray());
        yield return whole;
        yield return [.. whole, .. whole];
    }

    /// <summary>What servers tell subscribers: each recorded message alone, and all of them as one stream.</summary>
    public static IEnumerable<byte[]> Streams(string root)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "rpc", "grpc.json")));
        var all = new List<byte>();
        foreach (var item in document.RootElement.EnumerateArray())
        {
            if (item.GetProperty("layer").GetString() != "protobuf" || item.GetProperty("direction").GetString() != "server-to-client") continue;
            byte[] framed = Framed(Convert.FromHexString(item.GetProperty("hex").GetString()!));
            all.AddRange(framed);
            yield return framed;
        }
        yield return [.. all];
    }

    private static byte[] Framed(byte[] message) => [0, (byte)(message.Length >> 24), (byte)(message.Length >> 16), (byte)(message.Length >> 8), (byte)message.Length, .. message];

    /// <summary>Recorded multiplexed connections, each side under both roles and cut differently.</summary>
    public static IEnumerable<byte[]> Muxes(string root)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "rpc", "mux-frames.json")));
        foreach (var item in document.RootElement.EnumerateArray())
        {
            byte[] side = Convert.FromHexString(item.GetProperty("hex").GetString()!);
            yield return [0x00, .. side];
            yield return [0x1f, .. side];
            // The first frames alone: a short input is changed where it matters more often.
            yield return [0x08, .. side.AsSpan(0, Math.Min(side.Length, 400))];
        }
    }

    /// <summary>The recorded connections to the server port, first byte included.</summary>
    public static IEnumerable<byte[]> Connections(string root)
    {
        foreach (byte[] mux in Muxes(root)) yield return [4, .. mux];
        foreach (byte[] call in Calls(root).Take(40)) yield return [0, .. call];
        foreach (byte[] raft in Hexes(root, "raft", "vectors").Take(40)) yield return [1, .. raft];
        yield return [1, .. Encoding.ASCII.GetBytes("consul/rpc-multi")];
    }

    public static IEnumerable<byte[]> Commands(string root) => Hexes(root, "raft", "vectors").Concat(Hexes(root, "raft", "entries"));

    public static IEnumerable<byte[]> Archives(string root) => Directory.GetFiles(Path.Combine(root, "snapshot"), "*.snap").Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    public static IEnumerable<byte[]> States(string root)
    {
        foreach (var archive in Archives(root))
        {
            ArchiveContent? content = null;
            try
            {
                content = SnapshotArchive.Read(archive, UnpackedBytesMax);
            }
            catch (SnapshotRefusedException)
            {
                continue;                                            // some of the recorded archives are damaged on purpose
            }
            yield return content.State.ToArray();
        }
    }

    /// <summary>Packets of memberlist and Serf, and each message in them alone: damage behind a checksum would go no further than that.</summary>
    public static IEnumerable<byte[]> GossipPackets(string root)
    {
        var reader = new PacketReader();
        foreach (var (packet, label, keyring) in Gossip(root, "udp"))
        {
            yield return packet;
            var messages = new List<byte[]>();
            if (reader.Open(packet, label, keyring) != PacketFault.None) continue;
            while (reader.TryNext(out var type, out var body)) messages.Add([(byte)type, .. body]);
            foreach (var message in messages) yield return message;
        }
    }

    /// <summary>Sides of memberlist's streams, and the message in each alone.</summary>
    public static IEnumerable<byte[]> GossipStreams(string root)
    {
        foreach (var (side, label, keyring) in Gossip(root, "tcp"))
        {
            yield return side;
            bool isAnswer = side is not [(byte)MessageType.HasLabel, ..];
            if (new StreamDecoder(label, isAnswer, keyring).TryRead(new(side), out var message)) yield return [(byte)message.Type, .. message.Body.Span];
        }
    }

    private static IEnumerable<(byte[] Bytes, byte[] Label, Keyring? Keyring)> Gossip(string root, string transport)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(root, "gossip"), "*.json").Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            if (document.RootElement.ValueKind != JsonValueKind.Array) continue;
            foreach (var item in document.RootElement.EnumerateArray())
            {
                if (!item.TryGetProperty("transport", out var kind) || kind.GetString() != transport) continue;
                string label = item.TryGetProperty("label", out var given) || item.GetProperty("decoded").TryGetProperty("label", out given) ? given.GetString()! : "";
                using var keyring = item.TryGetProperty("key", out var key) ? new Keyring(GossipKey.Parse(key.GetString()!)) : null;
                yield return (Convert.FromHexString(item.GetProperty("hex").GetString()!), Encoding.UTF8.GetBytes(label), keyring);
            }
        }
    }

    // Vector files are lists, or objects that hold one; what matters is the "hex" of each item.
    private static IEnumerable<byte[]> Hexes(string root, string folder, string list)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(root, folder), "*.json").Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var items = document.RootElement;
            if (items.ValueKind == JsonValueKind.Object && !items.TryGetProperty(list, out items)) continue;
            if (items.ValueKind != JsonValueKind.Array) continue;
            foreach (var item in items.EnumerateArray())
                if (item.TryGetProperty("hex", out var hex)) yield return Convert.FromHexString(hex.GetString()!);
        }
    }

    private static byte[][] Texts(params string[] texts) => Array.ConvertAll(texts, Encoding.UTF8.GetBytes);
}
