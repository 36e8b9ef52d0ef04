using System.Collections.Concurrent;
using Conclave.Agent.Sync;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;

namespace Conclave.Hosting.Agent;

/// <summary>Carries the agent's reads and writes of the catalog to the node and brings back every answer, also those that are failures.</summary>
internal sealed class CatalogSync(INodeGateway gateway, IAgentCatalog catalog, string nodeName, AgentRuntime agent) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _isSilent;
    private readonly ConcurrentDictionary<Task, byte> _running = new();

    public void Write(SyncOperation operation)
    {
        if (!_isSilent) Track(WriteAsync(operation));
    }

    public void Read()
    {
        if (!_isSilent) Track(ReadAsync());
    }

    /// <summary>Tells the catalog nothing any more: the core waits for answers that never come.</summary>
    public void Silence() => _isSilent = true;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Keys).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private void Track(Task task)
    {
        if (task.IsCompleted) return;
        _running.TryAdd(task, 0);
        task.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private async Task WriteAsync(SyncOperation operation)
    {
        string? error;
        try
        {
            var result = await gateway.ApplyAsync(Encode(operation), _stopping.Token).ConfigureAwait(false);
            error = result.Kind == ApplyResultKind.Error ? result.Text : null;
        }
        catch (Exception failure) when (failure is not Core.InvariantBrokenException)
        {
            error = failure.Message;                           // the core tries again; whatever the reason, it must hear of it
        }
        agent.OnSyncDone(operation, error);
    }

    private static byte[] Encode(SyncOperation operation) =>
        operation.Register is { } register ? CommandCodec.Encode(register) : CommandCodec.Encode(operation.Deregister!);

    private async Task ReadAsync()
    {
        NodeEntry? node = null;
        var services = new List<NodeService>();
        var checks = new List<HealthCheck>();
        bool read = false;
        try
        {
            (node, string? error) = await catalog.ReadAsync(nodeName, mayBeStale: false, services, checks, _stopping.Token).ConfigureAwait(false);
            read = error is null;
        }
        catch (Exception failure) when (failure is not Core.InvariantBrokenException)
        {
            read = false;                                      // no leader, or stopping: the core tries again
        }
        if (read) agent.OnCatalogRead(node, services, checks);
        else agent.OnCatalogReadFailed();
    }
}
