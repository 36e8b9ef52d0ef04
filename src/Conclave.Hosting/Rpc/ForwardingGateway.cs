using System.Runtime.CompilerServices;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Endpoints;
using Conclave.Node;
using Conclave.Node.Forwarding;
using Conclave.Rpc.Messages;
using Conclave.State;

namespace Conclave.Hosting.Calls;

/// <summary>
/// The node as front ends see it, wherever the leader is: writes and renewals go to it, linearizable reads ask it how far this node must have applied and are answered
/// here, stale ones are answered here, at once unless this node has not applied yet what was acknowledged through it. The node behind it must not hold requests itself (hold time zero): the waiting for a leader is done here.
/// </summary>
internal sealed class ForwardingGateway : INodeGateway
{
    private readonly INodeGateway _local;
    private readonly LeaderCalls _calls;
    private readonly Draining _draining;
    private readonly ReadIndexRounds _leaseReads, _quorumReads;
    private readonly AcknowledgedWrites _acknowledged;

    /// <param name="local">The node.</param>
    /// <param name="statusChanged">Fires when its view of the leader has changed.</param>
    /// <param name="rootPublished">Fires when its state has.</param>
    /// <param name="pool">Calls to other servers.</param>
    /// <param name="limits">Times.</param>
    /// <param name="time">Clocks and timers.</param>
    /// <param name="draining">Whether requests are still taken.</param>
    /// <param name="ending">Fails what waits: this server stops, or takes no more requests.</param>
    public ForwardingGateway(INodeGateway local, Pulse statusChanged, Pulse rootPublished, RpcPool pool, ForwardLimits limits, TimeProvider time, Draining draining, CancellationToken ending)
    {
        (_local, _draining) = (local, draining);
        _calls = new LeaderCalls(local, statusChanged, pool, limits, time, draining, ending);
        _acknowledged = new AcknowledgedWrites(local, rootPublished, _calls, time);
        var attempts = new LeaderCalls(local, statusChanged, pool, limits with { HoldTime = TimeSpan.Zero }, time, draining, ending);
        _leaseReads = new ReadIndexRounds(local, statusChanged, rootPublished, attempts, ReadMode.Default, limits, time);
        _quorumReads = new ReadIndexRounds(local, statusChanged, rootPublished, attempts, ReadMode.Consistent, limits, time);
    }

    /// <inheritdoc/>
    public NodeIdentity Identity => _local.Identity;

    /// <inheritdoc/>
    public StateRoot Root => _local.Root;

    /// <inheritdoc/>
    public ClusterStatus Status => _local.Status;

    /// <inheritdoc/>
    public RaftStatus Raft => _local.Raft;

    /// <inheritdoc/>
    public IReadOnlyList<ServerHealth> Health => _local.Health;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ServerHealth>> ReadHealthAsync(CancellationToken stop)
    {
        var read = await _calls.RunAsync(new HealthRequest(_local), stop).ConfigureAwait(false);
        return read.Error is null ? read.Value : throw new NodeUnavailableException(read.Error);
    }

    /// <inheritdoc/>
    public ValueTask<ApplyResult> ApplyAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
        if (_draining.IsOn) return new(ApplyResult.Error(ErrorTexts.NoLeader));
        var status = _local.Status;
        // Nobody else can lead: what the node says is final.
        if (status.IsLeader && status.IsSoleVoter) return _local.ApplyAsync(command, stop);
        return status.IsLeader ? ApplyHereAsync(command, stop) : ApplyAtLeaderAsync(command, stop);
    }

    /// <inheritdoc/>
    public ValueTask<ReadGrant> ReadAsync(ReadMode mode, CancellationToken stop)
    {
        if (_draining.IsOn && mode != ReadMode.Stale) return new(new ReadGrant(null, ErrorTexts.NoLeader, KnownLeader: false, 0));
        var status = _local.Status;
        if (!status.IsLeader && mode != ReadMode.Stale) return ReadAtLeaderAsync(mode, stop);
        if (!status.IsLeader && !_acknowledged.AreApplied) return ReadAcknowledgedAsync(stop);
        // Also a stale read may have to wait: a server that has not been up to date since its start has nothing to show yet.
        var granted = _local.ReadAsync(mode, stop);
        if (!granted.IsCompletedSuccessfully) return ReadHereAsync(granted, mode, stop);
        var grant = granted.Result;
        return grant.Error is null ? new(grant) : ReadHereAsync(new(grant), mode, stop);
    }

    /// <inheritdoc/>
    public async ValueTask<Session?> RenewSessionAsync(string id, CancellationToken stop)
    {
        var renewed = await _calls.RunAsync(new RenewRequest(_local, id), stop).ConfigureAwait(false);
        return renewed.Error is null ? renewed.Value : throw new NodeUnavailableException(renewed.Error);
    }

    /// <inheritdoc/>
    public ValueTask<ApplyResult> RemoveServerAsync(string serverId, CancellationToken stop) => AskAboutServerAsync(serverId, isTransfer: false, stop);

    /// <inheritdoc/>
    public ValueTask<ApplyResult> TransferLeadershipAsync(string serverId, CancellationToken stop) => AskAboutServerAsync(serverId, isTransfer: true, stop);

    private async ValueTask<ApplyResult> AskAboutServerAsync(string serverId, bool isTransfer, CancellationToken stop)
    {
        var done = await _calls.RunAsync(new ServerRequest(_local, serverId, isTransfer), stop).ConfigureAwait(false);
        return done.Error is null ? done.Value : ApplyResult.Error(done.Error);
    }

    /// <inheritdoc/>
    public ValueTask<ApplyResult> RestoreAsync(StateRoot root, ulong index, CancellationToken stop)
    {
        if (_draining.IsOn) return new(ApplyResult.Error(ErrorTexts.NoLeader));
        var status = _local.Status;
        if (status.IsLeader) return _local.RestoreAsync(root, index, stop);
        return status.KnownLeader ? RestoreAtLeaderAsync(root, index, status, stop) : new(ApplyResult.Error(ErrorTexts.NoLeader));
    }

    // Not tried again: a state that was replaced twice would be one too many for those who wrote in between.
    private async ValueTask<ApplyResult> RestoreAtLeaderAsync(StateRoot root, ulong index, ClusterStatus status, CancellationToken stop)
    {
        var archive = await Task.Run(() => StateArchive.Pack(root, index, status), stop).ConfigureAwait(false);
        string error = await SnapshotCalls.RestoreAsync(status.LeaderAddress, Identity.Datacenter, archive.WrittenMemory, isForwarded: true, stop).ConfigureAwait(false);
        return error.Length == 0 ? ApplyResult.None : ApplyResult.Error(error);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ApplyResult> ApplyHereAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
        var result = await _local.ApplyAsync(command, stop).ConfigureAwait(false);
        bool hasResigned = result is { Kind: ApplyResultKind.Error, Text: ErrorTexts.NoLeader };
        return hasResigned ? await ApplyAtLeaderAsync(command, stop).ConfigureAwait(false) : result;
    }

    private async ValueTask<ApplyResult> ApplyAtLeaderAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
        if (CommandType.CoordinateBatchUpdate == (CommandType)(command.Span[0] & ~CommandCodec.Ignorable)) return await NoteCoordinatesAsync(command, stop).ConfigureAwait(false);
        if (CommandArguments.MethodOf((CommandType)command.Span[0]).IsEmpty) return ApplyResult.Error(ErrorTexts.NoLeader);
        var applied = await _calls.RunAsync(new CommandRequest(_local, command), stop).ConfigureAwait(false);
        return applied.Error is null ? applied.Value : ApplyResult.Error(applied.Error);
    }

    // Other servers take coordinates one by one.
    private async ValueTask<ApplyResult> NoteCoordinatesAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
        IReadOnlyList<CoordinateEntry> batch;
        try
        {
            batch = CommandCodec.DecodeCoordinates(command[1..]);
        }
        catch (MsgPackException malformed)
        {
            return ApplyResult.Error("malformed command: " + malformed.Message);
        }
        foreach (var entry in batch)
        {
            var noted = await _calls.RunAsync(new CoordinateRequest(_local, entry), stop).ConfigureAwait(false);
            if (noted.Error is not null) return ApplyResult.Error(noted.Error);
        }
        return ApplyResult.None;
    }

    private async ValueTask<ReadGrant> ReadHereAsync(ValueTask<ReadGrant> granted, ReadMode mode, CancellationToken stop)
    {
        var grant = await granted.ConfigureAwait(false);
        return grant.Error == ErrorTexts.NoLeader ? await ReadAtLeaderAsync(mode, stop).ConfigureAwait(false) : grant;
    }

    private async ValueTask<ReadGrant> ReadAcknowledgedAsync(CancellationToken stop)
    {
        await _acknowledged.WaitAsync(stop).ConfigureAwait(false);
        return await ReadHereAsync(_local.ReadAsync(ReadMode.Stale, stop), ReadMode.Stale, stop).ConfigureAwait(false);
    }

    private ValueTask<ReadGrant> ReadAtLeaderAsync(ReadMode mode, CancellationToken stop) =>
        (mode == ReadMode.Consistent ? _quorumReads : _leaseReads).ReadAsync(stop);
}
