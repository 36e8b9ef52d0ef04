using System.Collections.Concurrent;
using System.Collections.Frozen;
using Conclave.Node;
using Conclave.Raft;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>
/// Raft between servers over their own transport. Each peer has a connection for appends and another one for heartbeats and elections, so that neither a slow disk nor a large batch
/// delays those; snapshots have one each. Nothing that one peer does or fails to do delays another.
/// </summary>
internal sealed class RaftTransport : IRaftTransport, IAsyncDisposable
{
    // Numbers of foreign requests, apart from those the core gives to its own.
    private const ulong ForeignRequests = 1UL << 63;

    // An answer may wait for a flush; a heartbeat's waits for nothing.
    private static readonly TimeSpan AppendPatience = TimeSpan.FromSeconds(10), HeartbeatPatience = TimeSpan.FromSeconds(2);

    // Connections to a server that was taken out stay open for what it is still to be told.
    private static readonly TimeSpan PartingTime = TimeSpan.FromSeconds(1);

    private readonly NodeIdentity _self;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<ulong, InboundRequest> _asked = new();
    private readonly Dictionary<string, PeerLinks> _links = new(StringComparer.Ordinal);               // of the loop
    private readonly Dictionary<string, (PeerLinks Links, Task Gone)> _parting = new(StringComparer.Ordinal);   // of the loop
    private readonly Dictionary<SnapshotUpload, SnapshotStream> _uploads = [];                         // of the loop
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _sending = new();
    private volatile FrozenDictionary<string, string> _addresses = FrozenDictionary<string, string>.Empty, _ids = FrozenDictionary<string, string>.Empty;
    private ulong _lastRequest;

    public RaftTransport(NodeIdentity self, NodeInbox inbox, ILoggerFactory loggers)
    {
        (_self, Inbox) = (self, inbox);
        _logger = loggers.CreateLogger("agent.server.raft");
        Wire = new RaftWire(self.NodeId, self.RpcAddress);
        Inbound = new RaftInbound(this, _logger);
    }

    /// <summary>Turns messages into bytes.</summary>
    public RaftWire Wire { get; }

    /// <summary>Where what arrives goes.</summary>
    public NodeInbox Inbox { get; }

    /// <summary>Serves the connections of others.</summary>
    public RaftInbound Inbound { get; }

    /// <inheritdoc/>
    public void OnStatus(ClusterStatus status)
    {
        _addresses = status.Servers.ToFrozenDictionary(static server => server.Id, static server => server.Address, StringComparer.Ordinal);
        _ids = status.Servers.ToFrozenDictionary(static server => server.Address, static server => server.Id, StringComparer.Ordinal);
        foreach (var (id, (_, gone)) in _parting)
            if (gone.IsCompleted) _parting.Remove(id);
        foreach (var (id, links) in _links)
        {
            if (_addresses.TryGetValue(id, out string? address) && address == links.Address) continue;
            _links.Remove(id);
            // A server that is taken out is told so: the entry that says it leaves behind this status.
            var gone = PartAsync(links);
            if (!_addresses.ContainsKey(id)) _parting[id] = (links, gone);
            Track(gone);
        }
    }

    /// <inheritdoc/>
    public void Send(in RaftMessage message)
    {
        if (message.Kind is RaftMessageKind.AppendReply or RaftMessageKind.VoteReply or RaftMessageKind.PreVoteReply or RaftMessageKind.SnapshotReply)
        {
            if (_asked.TryRemove(message.RequestId, out var asked)) asked.SetAnswer(message);
            return;
        }
        if (LinksTo(message.To) is { } links) links.Send(message);
        else if (_parting.TryGetValue(message.To, out var last)) last.Links.Send(message);
        else if (message.Kind == RaftMessageKind.Append && !message.Heartbeat) Lose(message.To);
    }

    /// <inheritdoc/>
    public void Upload(SnapshotUpload upload)
    {
        if (_uploads.TryGetValue(upload, out var stream))
        {
            stream.OnReady();
            if (upload.IsAborted || upload.IsLast) _uploads.Remove(upload);
            return;
        }
        if (upload.IsAborted) return;
        if (!_addresses.TryGetValue(upload.Offer.Message.To, out string? address))
        {
            Inbox.Post(node => node.OnUploadFailed(upload));
            return;
        }
        stream = new SnapshotStream(this, upload, address, _logger);
        if (!upload.IsLast) _uploads.Add(upload, stream);
        stream.OnReady();
        Track(Task.Run(() => stream.RunAsync(_stop.Token)));
    }

    /// <inheritdoc/>
    public void Download(SnapshotDownload download) => ((InboundSnapshot)download).Wake();

    /// <summary>Takes a request from a connection, hands it to the node and gives what its answer will come with.</summary>
    /// <param name="request">What was read.</param>
    /// <param name="snapshot">The snapshot whose bytes follow, or null.</param>
    public InboundRequest Take(in RaftWireRequest request, out InboundSnapshot? snapshot)
    {
        snapshot = null;
        var message = request.Message with { From = Resolve(request), To = _self.NodeId, RequestId = ForeignRequests | Interlocked.Increment(ref _lastRequest) };
        if (request.Offer is { } offer) snapshot = new InboundSnapshot(offer with { Message = message });
        var asked = new InboundRequest(message.RequestId, message.Kind, request.Refusal) { Snapshot = snapshot };
        if (request.Refusal.Length > 0)
        {
            if (snapshot is not null) throw new Core.Codec.MsgPackException(request.Refusal, 0);
            return asked;
        }
        if (message.Kind == RaftMessageKind.TimeoutNow) asked.SetAnswer(message);
        else _asked.TryAdd(message.RequestId, asked);
        if (snapshot is { } download) Inbox.Post(node => node.OnSnapshotOffered(download));
        else Inbox.Post(message);
        return asked;
    }

    /// <summary>Nobody waits for the answer any more.</summary>
    public void Forget(InboundRequest request) => _asked.TryRemove(request.Number, out _);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var links in _links.Values) await links.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_sending.Keys).ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>Tells the node that appends to a peer were lost.</summary>
    internal void Lose(string peerId) => Inbox.Post(node => node.OnUnreachable(peerId));

    internal string AddressOf(string peerId) => _addresses.GetValueOrDefault(peerId, "");

    // Peers of version 1.10 tell their address only.
    private string Resolve(in RaftWireRequest request) =>
        request.Message.From != request.Address || request.Address.Length == 0 ? request.Message.From : _ids.GetValueOrDefault(request.Address, request.Address);

    private PeerLinks? LinksTo(string peerId)
    {
        if (_links.TryGetValue(peerId, out var links)) return links;
        if (!_addresses.TryGetValue(peerId, out string? address)) return null;
        links = new PeerLinks(this, peerId, address, _logger, AppendPatience, HeartbeatPatience);
        _links.Add(peerId, links);
        return links;
    }

    private async Task PartAsync(PeerLinks links)
    {
        await Task.Delay(PartingTime, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await links.DisposeAsync().ConfigureAwait(false);
    }

    private void Track(Task task)
    {
        _sending.TryAdd(task, true);
        _ = task.ContinueWith(done => _sending.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}

/// <summary>The connections to one peer.</summary>
internal sealed class PeerLinks : IAsyncDisposable
{
    private readonly RaftLink _appends, _elections;
    private readonly Action _lost;
    private int _isUnreachable;

    public PeerLinks(RaftTransport transport, string peerId, string address, ILogger logger, TimeSpan appendPatience, TimeSpan heartbeatPatience)
    {
        Address = address;
        _lost = () => transport.Lose(peerId);
        _appends = new RaftLink(transport, peerId, () => address, appendPatience, reason =>
        {
            if (reason is not null) _lost();
        });
        _elections = new RaftLink(transport, peerId, () => address, heartbeatPatience, reason =>
        {
            // Heartbeats come all the time: their connection knows best how things stand.
            if (reason is null && Interlocked.Exchange(ref _isUnreachable, 0) == 1) RaftLog.Reached(logger, peerId, address);
            if (reason is not null && Interlocked.Exchange(ref _isUnreachable, 1) == 0) RaftLog.Unreachable(logger, peerId, address, reason);
        });
    }

    public string Address { get; }

    public void Send(in RaftMessage message)
    {
        if (message.Kind != RaftMessageKind.Append || message.Heartbeat) _elections.TrySend(message);
        else if (!_appends.TrySend(message)) _lost();
    }

    public async ValueTask DisposeAsync()
    {
        await _appends.DisposeAsync().ConfigureAwait(false);
        await _elections.DisposeAsync().ConfigureAwait(false);
    }
}
