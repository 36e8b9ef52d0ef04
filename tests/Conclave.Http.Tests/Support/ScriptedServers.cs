using System.Text;
using System.Threading.Channels;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Remote;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Tests.Support;

/// <summary>Servers whose answers a test gives.</summary>
internal sealed class ScriptedServers : IServerCalls
{
    private readonly Channel<ScriptedCall> _calls = Channel.CreateUnbounded<ScriptedCall>();
    private int _asked;

    /// <summary>Gives the answer before the caller goes on, if the test knows it then.</summary>
    public Action<ScriptedCall>? AtOnce { get; set; }

    /// <summary>Calls made so far.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>The next call.</summary>
    public async Task<ScriptedCall> NextAsync() => await _calls.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public async ValueTask<ServerReply> AskAsync(ReadOnlyMemory<byte> method, ReadOnlyMemory<byte> argument, bool isRepeatable, CancellationToken stop)
    {
        Interlocked.Increment(ref _asked);
        var call = new ScriptedCall(Encoding.ASCII.GetString(method.Span), QueryArguments.Read(argument.Span), stop);
        _calls.Writer.TryWrite(call);
        AtOnce?.Invoke(call);
        return await call.Answer.Task.WaitAsync(stop);
    }

    public ValueTask<ArchiveDownload> SaveSnapshotAsync(bool allowStale, CancellationToken stop) =>
        new(new ArchiveDownload(new MemoryStream("archive"u8.ToArray()), new QueryMeta(9, KnownLeader: true, 0), ""));

    public ValueTask<string> RestoreSnapshotAsync(ReadOnlyMemory<byte> archive, CancellationToken stop) => new(Encoding.ASCII.GetString(archive.Span));
}

/// <summary>One call that waits for the test's answer.</summary>
internal sealed record ScriptedCall(string Method, QueryArguments Arguments, CancellationToken Stop)
{
    public TaskCompletionSource<ServerReply> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Refuse(string error) => Answer.SetResult(new ServerReply(default, error));

    /// <summary>Answers with one key, or with none.</summary>
    public void GiveKey(string? value, ulong index, long lastContactNanoseconds = 0)
    {
        List<KvEntry> entries = value is null ? [] : [new KvEntry { Key = "a"u8.ToArray(), Value = Encoding.UTF8.GetBytes(value), HasValue = true, CreateIndex = 1, ModifyIndex = index }];
        Give("Entries"u8, entries, KvEntryCodec.Write, new QueryMeta(index, KnownLeader: true, lastContactNanoseconds));
    }

    /// <summary>Answers with instances of a service.</summary>
    public void GiveInstances(ulong index, params string[] nodes) => Give(
        "Nodes"u8,
        Array.ConvertAll(nodes, static node => new CheckServiceNode(new NodeEntry { Name = node }, new NodeService { Id = "web", Service = "web" }, [new HealthCheck { Node = node, CheckId = "c", Status = node.StartsWith('x') ? "critical" : "passing" }])),
        CatalogResults.Write,
        new QueryMeta(index, KnownLeader: true, 0));

    private void Give<T>(ReadOnlySpan<byte> name, IReadOnlyList<T> rows, RowWriter<T> write, QueryMeta meta)
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        RowResults.Write(ref writer, name, rows, write, meta);
        writer.Flush();
        Answer.SetResult(new ServerReply(buffer.ToArray(), null));
    }
}
