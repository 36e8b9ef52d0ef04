using System.Threading.Channels;
using Conclave.Core.Model;
using Conclave.Http.Remote;
using Conclave.Node.Streaming;
using Conclave.Rpc.Grpc;

namespace Conclave.Http.Tests.Support;

/// <summary>Subscriptions whose messages a test gives.</summary>
internal sealed class ScriptedStreams : IServiceStreams
{
    private readonly Channel<ScriptedStream> _streams = Channel.CreateUnbounded<ScriptedStream>();
    private int _open;

    public int ServerCount { get; set; } = 1;

    public TimeSpan HoldTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Subscriptions that are under way.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>The next subscription.</summary>
    public async Task<ScriptedStream> NextAsync() => await _streams.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public async ValueTask<StreamEnd> FollowAsync(SubscribeRequest request, IStreamReader reader, CancellationToken stop)
    {
        Interlocked.Increment(ref _open);
        var stream = new ScriptedStream(request, reader);
        _streams.Writer.TryWrite(stream);
        try
        {
            return await stream.Ended.Task.WaitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return StreamEnd.Lost;
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}

/// <summary>One subscription.</summary>
internal sealed record ScriptedStream(SubscribeRequest Request, IStreamReader Reader)
{
    public TaskCompletionSource<StreamEnd> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void End(StreamEnd end) => Ended.SetResult(end);

    /// <summary>Accepts it, and tells everything.</summary>
    public ScriptedStream Begin(ulong index, params string[] nodes)
    {
        Reader.OnServed();
        foreach (string node in nodes) Send(writer => StreamEvents.WriteInstance(writer, index, Row(node), "dc1"));
        Send(writer => StreamEvents.WriteEndOfSnapshot(writer, index));
        if (!Ended.Task.IsCompleted) Reader.OnDrained();
        return this;
    }

    public ScriptedStream BeginAnew(ulong index, params string[] nodes)
    {
        Reader.OnServed();
        Send(StreamEvents.WriteNewSnapshotToFollow);
        return Begin(index, nodes);
    }

    public void Tell(ulong index, string node, bool isGone = false)
    {
        Send(writer => StreamEvents.WriteChanges(writer, [new InstanceChange(index, Row(node), isGone)], "dc1"));
        Reader.OnDrained();
    }

    private void Send(Action<ProtoWriter> write)
    {
        using var writer = new ProtoWriter();
        write(writer);
        Assert.True(GrpcFraming.TryRead(writer.WrittenSpan, 1 << 20, out var message));
        if (!Ended.Task.IsCompleted && !Reader.OnMessage(message)) End(StreamEnd.Refused);
    }

    private static CheckServiceNode Row(string node) =>
        new(new NodeEntry { Name = node, Meta = TextMap<string>.From([new("of", node)]) }, new NodeService { Id = "web", Service = "web", Tags = [node] }, [new HealthCheck { Node = node, CheckId = "c", Status = node.StartsWith('x') ? "critical" : "passing" }]);
}
