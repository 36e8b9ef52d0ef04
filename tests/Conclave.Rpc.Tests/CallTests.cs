using System.Buffers;
using System.Text;
using System.Text.Json;
using Conclave.Core.Codec;
using Conclave.Rpc.Calls;
using Conclave.Tests;

namespace Conclave.Rpc.Tests;

public class CallTests
{
    private const int BodyBytesMax = 1 << 20;
    private static readonly string[] s_files = ["kv", "session", "status", "txn", "catalog", "health", "operator", "coordinate"];

    [Fact]
    public void Recorded_calls_and_replies_are_found_whole_and_their_headers_written_again()
    {
        int seen = 0;
        foreach (var (json, bytes, isCall) in Load())
        {
            Assert.Equal(bytes, Recode(bytes, isCall));
            var expected = json.GetProperty("decoded")[0];
            var reader = new MsgPackReader(bytes);
            if (isCall)
            {
                var header = RpcCallHeader.Read(ref reader);
                Assert.Equal((expected.GetProperty("Seq").GetUInt64(), expected.GetProperty("ServiceMethod").GetString()), (header.Seq, Encoding.UTF8.GetString(header.ServiceMethod)));
            }
            else
            {
                var header = RpcReplyHeader.Read(ref reader);
                Assert.Equal((expected.GetProperty("Seq").GetUInt64(), expected.GetProperty("ServiceMethod").GetString()), (header.Seq, Encoding.UTF8.GetString(header.ServiceMethod)));
                Assert.Equal(expected.GetProperty("Error").GetString(), Encoding.UTF8.GetString(header.Error));
            }
            seen++;
        }
        Assert.True(seen > 100, $"{seen} seen");
    }

    [Fact]
    public void A_call_is_found_however_it_is_split_and_never_when_it_is_cut()
    {
        foreach (var (_, bytes, _) in Load().Take(24))
            for (int at = 0; at < bytes.Length; at++)
            {
                var scanner = new CallScanner(BodyBytesMax);
                Assert.False(scanner.Scan(bytes.AsSpan(0, at)));
                Assert.True(scanner.Scan([.. bytes.AsSpan(at), 0xff]));
                Assert.Equal(bytes.Length, scanner.BytesScanned);
            }
    }

    [Fact]
    public void A_damaged_byte_gives_another_call_or_is_malformed()
    {
        int malformed = 0;
        foreach (var (_, bytes, isCall) in Load().Take(8))
            for (int at = 0; at < bytes.Length; at++)
            {
                byte original = bytes[at];
                for (int value = 0; value <= byte.MaxValue; value++)
                {
                    bytes[at] = (byte)value;
                    try
                    {
                        Recode(bytes, isCall);
                    }
                    catch (MsgPackException)
                    {
                        malformed++;
                    }
                }
                bytes[at] = original;
            }
        Assert.True(malformed > 1000, $"{malformed} malformed");
    }

    [Fact]
    public void A_header_or_body_over_its_bound_ends_the_scan_at_the_claim()
    {
        Assert.Throws<MsgPackException>(() => { new CallScanner(BodyBytesMax).Scan([0x81, 0xdb, 0x00, 0x02, 0x00, 0x00]); });
        Assert.Throws<MsgPackException>(() => { new CallScanner(BodyBytesMax).Scan([0x80, 0xdd, 0x7f, 0xff, 0xff, 0xff]); });
        Assert.Throws<MsgPackException>(() => { new CallScanner(BodyBytesMax).Scan([0x80, 0xdf, 0xff, 0xff, 0xff, 0xff]); });
    }

    private static byte[] Recode(byte[] bytes, bool isCall)
    {
        var scanner = new CallScanner(BodyBytesMax);
        if (!scanner.Scan(bytes)) throw new MsgPackException("incomplete", bytes.Length);
        var reader = new MsgPackReader(bytes.AsSpan(0, (int)scanner.BytesScanned));
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        if (isCall) RpcCallHeader.Read(ref reader).Write(ref writer);
        else RpcReplyHeader.Read(ref reader).Write(ref writer);
        writer.WriteRaw(bytes.AsSpan((int)reader.Offset, (int)reader.Remaining));
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static IEnumerable<(JsonElement Json, byte[] Bytes, bool IsCall)> Load()
    {
        foreach (string file in s_files)
            foreach (var json in JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "rpc", file + ".json"))).RootElement.EnumerateArray())
                if (!json.TryGetProperty("layer", out var layer) || layer.GetString() == "msgpack")
                    yield return (json, Convert.FromHexString(json.GetProperty("hex").GetString()!), json.GetProperty("direction").GetString() == "client-to-server");
    }
}
