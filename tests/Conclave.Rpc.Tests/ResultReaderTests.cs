using System.Buffers;
using System.Text.Json;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Rpc.Calls;
using Conclave.Rpc.Messages;
using Conclave.Tests;

namespace Conclave.Rpc.Tests;

/// <summary>What a client agent reads of the replies that real servers gave.</summary>
public class ResultReaderTests
{
    private delegate void Body(ref MsgPackWriter writer);

    [Theory]
    [InlineData("kv", "KVS.Get")]
    [InlineData("kv", "KVS.List")]
    [InlineData("catalog", "Catalog.ListNodes")]
    [InlineData("catalog", "Catalog.ListServices")]
    [InlineData("catalog", "Catalog.ServiceNodes")]
    [InlineData("catalog", "Catalog.NodeServices")]
    [InlineData("catalog", "Catalog.NodeServiceList")]
    [InlineData("health", "Health.ServiceNodes")]
    [InlineData("health", "Health.NodeChecks")]
    [InlineData("health", "Health.ServiceChecks")]
    [InlineData("health", "Health.ChecksInState")]
    [InlineData("session", "Session.List")]
    [InlineData("coordinate", "Coordinate.ListNodes")]
    [InlineData("operator", "Operator.RaftGetConfiguration")]
    public void A_recorded_result_is_read_whole_and_written_again_as_long_as_it_was(string file, string method)
    {
        int seen = 0;
        foreach (byte[] result in Results(file, method))
        {
            byte[] again = Recode(method, result);
            // Maps come in any order from a real server and sorted from here, so the bytes may differ; what is in them may not.
            Assert.Equal(result.Length, again.Length);
            Assert.Equal(again, Recode(method, again));
            seen++;
        }
        Assert.True(seen > 0, "nothing recorded");
    }

    [Theory]
    [InlineData("catalog", "Catalog.ServiceNodes")]
    [InlineData("health", "Health.ServiceNodes")]
    [InlineData("catalog", "Catalog.NodeServices")]
    public void A_cut_or_damaged_result_is_malformed_or_another_one(string file, string method)
    {
        byte[] result = Results(file, method).MaxBy(static found => found.Length)!;
        for (int at = 0; at < result.Length; at++)
        {
            Assert.Throws<MsgPackException>(() => Recode(method, result[..at]));
            byte original = result[at];
            foreach (byte other in (byte[])[0x00, 0x7f, 0x80, 0x90, 0xc0, 0xdd, 0xdf, 0xff])
            {
                result[at] = other;
                try
                {
                    Recode(method, result);
                }
                catch (MsgPackException)
                {
                    // Malformed is one of the two allowed ends.
                }
            }
            result[at] = original;
        }
    }

    [Fact]
    public void Recorded_arguments_of_reads_mean_the_same_when_written_again()
    {
        int seen = 0;
        foreach (var (_, argument) in Arguments(["kv", "catalog", "health", "session", "coordinate"]))
        {
            var read = QueryArguments.Read(argument);
            var again = QueryArguments.Read(Encode((ref MsgPackWriter writer) => read.Write(ref writer)));
            Assert.Equal(Plain(read), Plain(again));
            seen++;
        }
        Assert.True(seen > 20, $"{seen} seen");
    }

    private static byte[] Recode(string method, byte[] result)
    {
        QueryMeta meta;
        switch (method)
        {
            case "KVS.Get" or "KVS.List": return Rows(result, "Entries", KvEntryCodec.Read, KvEntryCodec.Write);
            case "Catalog.ListNodes": return Rows(result, "Nodes", NodeEntryCodec.Read, NodeEntryCodec.Write);
            case "Catalog.ServiceNodes": return Rows<ServiceNode>(result, "ServiceNodes", CatalogRows.ReadServiceNode, CatalogResults.Write);
            case "Health.ServiceNodes": return Rows<CheckServiceNode>(result, "Nodes", CatalogRows.ReadCheckServiceNode, CatalogResults.Write);
            case "Session.List": return Rows(result, "Sessions", SessionCodec.Read, SessionCodec.Write);
            case "Coordinate.ListNodes": return Rows(result, "Coordinates", CoordinateCodec.Read, CoordinateCodec.Write);
            case "Catalog.ListServices":
                var services = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
                meta = CatalogRows.ReadServices(result, services);
                return Encode((ref MsgPackWriter writer) => CatalogResults.WriteServices(ref writer, services, meta));
            case "Catalog.NodeServices" or "Catalog.NodeServiceList":
                var instances = new List<NodeService>();
                meta = CatalogRows.ReadNodeServices(result, out var node, instances);
                return Encode((ref MsgPackWriter writer) => CatalogResults.WriteNodeServices(ref writer, node, instances, method == "Catalog.NodeServiceList", meta));
            case "Operator.RaftGetConfiguration":
                var servers = new List<RaftServerRow>();
                ulong index = OperatorResults.ReadConfiguration(result, servers);
                return Encode((ref MsgPackWriter writer) => OperatorResults.WriteConfiguration(ref writer, servers, index));
            default: return Rows(result, "HealthChecks", HealthCheckCodec.Read, HealthCheckCodec.Write);
        }
    }

    private static byte[] Rows<T>(byte[] result, string field, MsgPackCollections.Element<T> read, RowWriter<T> write)
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(field);
        var rows = new List<T>();
        var meta = RowResults.Read(result, name, read, rows);
        return Encode((ref MsgPackWriter writer) => RowResults.Write(ref writer, name, rows, write, meta));
    }

    // An empty text and none mean the same.
    private static string Plain(QueryArguments arguments) =>
        JsonSerializer.Serialize(arguments with { Options = arguments.Options with { Filter = arguments.Options.Filter ?? "", Token = arguments.Options.Token ?? "" } });

    private static byte[] Encode(Body body)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        body(ref writer);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static IEnumerable<byte[]> Results(string file, string method)
    {
        foreach (byte[] bytes in Messages(file, "server-to-client"))
            if (Split(bytes, method) is { } result) yield return result;
    }

    private static byte[]? Split(byte[] bytes, string method)
    {
        var reader = new MsgPackReader(bytes);
        var header = RpcReplyHeader.Read(ref reader);
        bool isWanted = header.Error.IsEmpty && header.ServiceMethod.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(method));
        return isWanted ? bytes[(int)reader.Offset..] : null;
    }

    private static IEnumerable<(string Method, byte[] Argument)> Arguments(string[] files)
    {
        foreach (string file in files)
            foreach (byte[] bytes in Messages(file, "client-to-server"))
            {
                var (method, at) = HeaderOf(bytes);
                if (!method.EndsWith("Apply", StringComparison.Ordinal) && !method.EndsWith("Register", StringComparison.Ordinal) && !method.EndsWith("Update", StringComparison.Ordinal) && !method.EndsWith("Deregister", StringComparison.Ordinal))
                    yield return (method, bytes[at..]);
            }
    }

    private static (string Method, int At) HeaderOf(byte[] bytes)
    {
        var reader = new MsgPackReader(bytes);
        var header = RpcCallHeader.Read(ref reader);
        return (System.Text.Encoding.UTF8.GetString(header.ServiceMethod), (int)reader.Offset);
    }

    private static IEnumerable<byte[]> Messages(string file, string direction)
    {
        foreach (var json in JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "rpc", file + ".json"))).RootElement.EnumerateArray())
            if ((!json.TryGetProperty("layer", out var layer) || layer.GetString() == "msgpack") && json.GetProperty("direction").GetString() == direction)
                yield return Convert.FromHexString(json.GetProperty("hex").GetString()!);
    }
}
