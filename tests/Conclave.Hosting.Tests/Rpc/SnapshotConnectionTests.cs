using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Endpoints;
using Conclave.Rpc.Messages;
using Conclave.Tests;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>Snapshot connections, byte for byte as client agents send them.</summary>
public sealed class SnapshotConnectionTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new(1000);
    private readonly FakeServer _leader, _follower;

    public SnapshotConnectionTests()
    {
        _leader = new FakeServer(_cluster, "leader");
        _follower = new FakeServer(_cluster, "follower");
        _leader.Local.Believe(_leader.AsLeader(isItself: true));
        _follower.Local.Believe(_leader.AsLeader(isItself: false));
        _cluster.Apply(CommandCodec.EncodeKv(KvOps.Set, "a"u8, new("v"u8.ToArray()), hasValue: true, 0, "", 0));
        _leader.Local.CatchUp();
        _follower.Local.CatchUp();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _leader.DisposeAsync();
        await _follower.DisposeAsync();
    }

    [Fact]
    public async Task Recorded_requests_are_answered_as_recorded()
    {
        foreach (int number in new[] { 1, 2, 3, 4 })
        {
            var recorded = Recorded($"plain.snapshot.{number}.");
            var (header, rest) = Split(await ExchangeAsync(_leader.Address, recorded["request-all"]));
            Assert.Equal(FieldsOf(recorded["response-header"]), FieldsOf(header));
            Assert.Equal(SnapshotReply.ReadError(recorded["response-header"]), SnapshotReply.ReadError(header));
            Assert.Equal(recorded["response-rest"].Length == 0, rest.Length == 0);
        }
        Assert.NotNull(_leader.Local.Restored);
    }

    [Fact]
    public async Task What_is_saved_can_be_restored_also_at_a_server_that_does_not_lead()
    {
        var (header, archive) = Split(await ExchangeAsync(_follower.Address, Request(SnapshotOperation.Save)));
        Assert.Equal("", SnapshotReply.ReadError(header));
        var (root, index, refusal) = StateArchive.Unpack(archive);
        Assert.Equal((_cluster.Root.LastIndex, ""), (index, refusal));
        Assert.Equal(_cluster.Root.Digest, root!.Digest);

        var (answer, nothing) = Split(await ExchangeAsync(_follower.Address, [.. Request(SnapshotOperation.Restore), .. archive]));
        Assert.Equal("", SnapshotReply.ReadError(answer));
        Assert.Empty(nothing);
        Assert.Equal((_cluster.Root.LastIndex, _cluster.Root.Digest), (_leader.Local.Restored!.Value.Index, _leader.Local.Restored.Value.Root.Digest));
    }

    [Fact]
    public async Task Requests_that_make_no_sense_are_refused()
    {
        await AssertRefusedAsync("No path to datacenter", new SnapshotRequest("dc9", SnapshotOperation.Save, false, false));
        await AssertRefusedAsync("unrecognized snapshot op 7", new SnapshotRequest("dc1", (SnapshotOperation)7, false, false));
        await AssertRefusedAsync("stale not allowed for restore", new SnapshotRequest("dc1", SnapshotOperation.Restore, true, false));
        Assert.Empty(await ExchangeAsync(_leader.Address, [5, 0xc1]));
        _leader.Local.Believe(_follower.AsLeader(isItself: false));
        await AssertRefusedAsync("No cluster leader", new SnapshotRequest("dc1", SnapshotOperation.Restore, false, true));
    }

    private async Task AssertRefusedAsync(string error, SnapshotRequest request)
    {
        var (header, rest) = Split(await ExchangeAsync(_leader.Address, Encode(request)));
        Assert.Equal(error, SnapshotReply.ReadError(header));
        Assert.Empty(rest);
    }

    private static byte[] Request(SnapshotOperation operation) => Encode(new SnapshotRequest("dc1", operation, false, false));

    private static byte[] Encode(SnapshotRequest request) => [5, .. Calls.RpcEncoding.Bytes((ref MsgPackWriter writer) => request.Write(ref writer))];

    private static async Task<byte[]> ExchangeAsync(string address, byte[] sent)
    {
        using var client = new TcpClient();
        var endPoint = IPEndPoint.Parse(address);
        await client.ConnectAsync(endPoint.Address, endPoint.Port, Stop);
        var stream = client.GetStream();
        await stream.WriteAsync(sent, Stop);
        client.Client.Shutdown(SocketShutdown.Send);
        using var received = new MemoryStream();
        await stream.CopyToAsync(received, Stop);
        return received.ToArray();
    }

    private static (byte[] Header, byte[] Archive) Split(byte[] answer)
    {
        Assert.True(MsgPackScanner.TryMeasure(new(answer), SnapshotReply.BytesMax, out long size));
        return (answer[..(int)size], answer[(int)size..]);
    }

    private static string FieldsOf(byte[] header)
    {
        var reader = new MsgPackReader(header);
        return string.Join(',', MsgPackTree.ReadMap(ref reader)!.Fields.Select(field => field.Key));
    }

    private static Dictionary<string, byte[]> Recorded(string prefix)
    {
        var parts = new Dictionary<string, byte[]>();
        foreach (var json in JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "rpc", "snapshot-stream.json"))).RootElement.EnumerateArray())
        {
            string name = json.GetProperty("name").GetString()!;
            if (name.StartsWith(prefix, StringComparison.Ordinal)) parts[name[prefix.Length..].Split(' ')[0]] = Convert.FromHexString(json.GetProperty("hex").GetString()!);
        }
        return parts;
    }
}
