using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Hosting.Calls;
using Conclave.Node;
using Conclave.Node.Requests;
using Conclave.State;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>A node that applies at once, to a state that several of them share; leads when it is told so.</summary>
internal sealed class FakeGateway(FakeCluster cluster, string name) : INodeGateway
{
    private volatile StateRoot _root = cluster.Root;
    private volatile ClusterStatus _status = new(IsLeader: false, "", "", 1, []);

    public NodeIdentity Identity { get; } = new(name, name, "dc1", "");

    public StateRoot Root => _root;

    public ClusterStatus Status => _status;

    public RaftStatus Raft { get; } = new("Follower", 1, 0, 0, 0, 0, 0, 0, 0);

    public IReadOnlyList<ServerHealth> Health { get; set; } = [];

    public Pulse StatusChanged { get; } = new();

    public Pulse RootPublished { get; } = new();

    /// <summary>What writes and barriers answer instead of doing anything.</summary>
    public Func<string?> Refusal { get; set; } = () => null;

    /// <summary>Writes and barriers wait for it.</summary>
    public Task Delay { get; set; } = Task.CompletedTask;

    public int Applied;

    /// <summary>Id of the next session; empty for any.</summary>
    public string NextSessionId { get; set; } = "";

    public void Believe(ClusterStatus status)
    {
        _status = status;
        StatusChanged.Fire();
    }

    /// <summary>Applies what the cluster has committed.</summary>
    public void CatchUp()
    {
        _root = cluster.Root;
        RootPublished.Fire();
    }

    public async ValueTask<ApplyResult> ApplyAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
        await Delay.ConfigureAwait(false);
        if (Refusal() is { } refusal) return ApplyResult.Error(refusal);
        if (!_status.IsLeader) return ApplyResult.Error(ErrorTexts.NoLeader);
        Interlocked.Increment(ref Applied);
        if (FillIn(ref command) is { } refused) return ApplyResult.Error(refused);
        return cluster.Apply(command, CatchUp);
    }

    // What a leader does before it logs a command: ids of sessions, as far as the caller brought none.
    private string? FillIn(ref ReadOnlyMemory<byte> command)
    {
        if (command.Span[0] != (byte)CommandType.Session) return null;
        var request = CommandCodec.DecodeSession(command[1..]);
        if (request.Session.Id.Length > 0) return null;
        string? refusal = SessionRequests.Prepare(request, TimeSpan.FromSeconds(10), new Prng(7), out var prepared);
        if (NextSessionId.Length > 0) prepared = new SessionRequest { Op = prepared.Op, Session = prepared.Session with { Id = NextSessionId } };
        command = CommandCodec.Encode(prepared);
        return refusal;
    }

    public async ValueTask<ReadGrant> ReadAsync(ReadMode mode, CancellationToken stop)
    {
        if (mode == ReadMode.Stale) return new ReadGrant(_root, null, _status.KnownLeader, 0);
        await Delay.ConfigureAwait(false);
        return _status.IsLeader ? new ReadGrant(_root, null, KnownLeader: true, 0) : new ReadGrant(null, ErrorTexts.NoLeader, KnownLeader: false, 0);
    }

    /// <summary>What was last restored.</summary>
    public (StateRoot Root, ulong Index)? Restored { get; private set; }

    public ValueTask<ApplyResult> RestoreAsync(StateRoot root, ulong index, CancellationToken stop)
    {
        if (!_status.IsLeader) return new(ApplyResult.Error(ErrorTexts.NoLeader));
        Restored = (root, index);
        return new(ApplyResult.None);
    }

    public ValueTask<Session?> RenewSessionAsync(string id, CancellationToken stop)
    {
        if (!_status.IsLeader) throw new NodeUnavailableException(ErrorTexts.NoLeader);
        _root.SessionGet(id, null, out var session);
        return new(session);
    }
}

/// <summary>What a cluster of <see cref="FakeGateway"/> has committed.</summary>
internal sealed class FakeCluster
{
    private readonly Lock _gate = new();
    private CommandApplier _applier = null!;
    private ulong _index;

    public FakeCluster(ulong firstIndex = 10)
    {
        _index = firstIndex;
        Begin();
    }

    public StateRoot Root { get; private set; } = null!;

    /// <summary>Goes to an index, as if entries had been applied that change nothing.</summary>
    public void SkipTo(ulong index) => _index = index;

    /// <summary>Puts an empty state in the place of the whole one, as a restore does.</summary>
    public void Restore(Action publish)
    {
        StateRoot before;
        lock (_gate)
        {
            before = Root;
            Begin();
            publish();
        }
        before.Abandon();
    }

    /// <summary>Applies a command; <paramref name="publish"/> makes the new root known, before those who wait are woken.</summary>
    public ApplyResult Apply(ReadOnlyMemory<byte> command, Action? publish = null)
    {
        lock (_gate)
        {
            var index = new LogIndex(++_index);
            var result = _applier.Apply(index, command);
            Root = _applier.Publish(out var fired);
            publish?.Invoke();
            if (!fired.TryFinish()) ThreadPool.QueueUserWorkItem(_ => fired.Fire());
            return result.At(index.Value);
        }
    }

    private void Begin()
    {
        Root = new StateRoot();
        _applier = new CommandApplier(Root);
    }
}
