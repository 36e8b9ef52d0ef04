using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>
/// One batch of changes to all tables. Its methods are the rules of the state: each returns null or a refusal worded as Consul's.
/// A refusal may leave half of a change behind; the caller then goes back to its <see cref="Savepoint"/>.
/// </summary>
internal sealed partial class StateWriter
{
    private readonly EditBatch _batch;
    private readonly object _lineage;
    private readonly TreeEdit<KvEntry> _kv, _kvBySession;
    private readonly TreeEdit<Tombstone> _tombstones;
    private readonly TreeEdit<Session> _sessions, _sessionsByNode, _sessionsByCheck;
    private readonly TreeEdit<NodeEntry> _nodes, _nodesById;
    private readonly TreeEdit<ServiceRow> _services, _servicesByName, _servicesByConnect;
    private readonly TreeEdit<HealthCheck> _checks, _checksByInstance, _checksByService, _checksByStatus;
    private readonly TreeEdit<CoordinateEntry> _coordinates;
    private readonly TreeEdit<TableIndex> _indexes;
    private readonly TreeEdit<AutopilotConfig> _autopilot;
    private readonly TreeEdit<KeptRecord> _records;
    private readonly TreeEdit<ChunkPiece> _chunks;

    // All edits again, in a fixed order, for the savepoint.
    private readonly ITreeEdit[] _all;

    private static readonly IndexName[] SlottedNames = [IndexName.Kvs, IndexName.Tombstones, IndexName.Nodes, IndexName.Services, IndexName.Checks];

    private readonly ulong[] _moved = new ulong[IndexName.Slots];

    /// <summary>Sum of the hashes of all rows of the base tables; wraps around.</summary>
    private ulong _digest;

    /// <summary>Digest of all rows, changes of the running batch included: how commands are gathered into batches makes no difference.</summary>
    public ulong Digest
    {
        get
        {
            FlushIndexes();
            return _digest;
        }
    }

    public StateWriter(StateRoot root)
    {
        var tables = root.Tables;
        _digest = root.Digest;
        _lineage = root.Lineage;
        _batch = new EditBatch(root.Step + 1);
        _all =
        [
            _kv = new(tables.Kv, _batch), _kvBySession = new(tables.KvBySession, _batch), _tombstones = new(tables.Tombstones, _batch),
            _sessions = new(tables.Sessions, _batch), _sessionsByNode = new(tables.SessionsByNode, _batch), _sessionsByCheck = new(tables.SessionsByCheck, _batch),
            _nodes = new(tables.Nodes, _batch), _nodesById = new(tables.NodesById, _batch),
            _services = new(tables.Services, _batch), _servicesByName = new(tables.ServicesByName, _batch), _servicesByConnect = new(tables.ServicesByConnect, _batch),
            _checks = new(tables.Checks, _batch), _checksByInstance = new(tables.ChecksByInstance, _batch),
            _checksByService = new(tables.ChecksByService, _batch), _checksByStatus = new(tables.ChecksByStatus, _batch),
            _coordinates = new(tables.Coordinates, _batch), _indexes = new(tables.Indexes, _batch), _autopilot = new(tables.Autopilot, _batch),
            _records = new(tables.Records, _batch), _chunks = new(tables.Chunks, _batch),
        ];
    }

    /// <summary>What happened in the batch that others must act on.</summary>
    public StateEffects Effects { get; private set; } = new();

    /// <summary>The tables as they stand after the batch; the writer goes on with the next one.</summary>
    public StateRoot Publish(ulong lastIndex, out FiredWatches fired, bool leaveSuccessor = true)
    {
        FlushIndexes();
        fired = _batch.HandOver(leaveSuccessor);
        var root = new StateRoot(lastIndex, _digest, _batch.Step, new StateTables
        {
            Kv = _kv.Publish(), KvBySession = _kvBySession.Publish(), Tombstones = _tombstones.Publish(),
            Sessions = _sessions.Publish(), SessionsByNode = _sessionsByNode.Publish(), SessionsByCheck = _sessionsByCheck.Publish(),
            Nodes = _nodes.Publish(), NodesById = _nodesById.Publish(),
            Services = _services.Publish(), ServicesByName = _servicesByName.Publish(), ServicesByConnect = _servicesByConnect.Publish(),
            Checks = _checks.Publish(), ChecksByInstance = _checksByInstance.Publish(), ChecksByService = _checksByService.Publish(), ChecksByStatus = _checksByStatus.Publish(),
            Coordinates = _coordinates.Publish(), Indexes = _indexes.Publish(), Autopilot = _autopilot.Publish(),
            Records = _records.Publish(), Chunks = _chunks.Publish(),
        }, _lineage);
        _batch.NextStep();
        return root;
    }

    /// <summary>Remembers the present state of the batch, for commands that can fail half-way.</summary>
    public Savepoint Mark()
    {
        FlushIndexes();
        var trees = new (TreeInner, int)[_all.Length];
        for (var i = 0; i < trees.Length; i++) trees[i] = _all[i].Mark();
        var mark = new Savepoint(trees, _batch.Mark(), _digest, Effects.Mark());
        _batch.NextStep();
        return mark;
    }

    /// <summary>Forgets everything since the mark.</summary>
    public void Restore(Savepoint mark)
    {
        for (var i = 0; i < _all.Length; i++) _all[i].Restore(mark.Trees[i]);
        _batch.Restore(mark.Superseded);
        _digest = mark.Digest;
        Effects.Restore(mark.Effects);
        Array.Clear(_moved);
    }

    private void SetIndex(IndexName name, ulong index)
    {
        if (name.Slot < 0) SetIndex(name.Key, name.Name, index);
        else _moved[name.Slot] = Math.Max(_moved[name.Slot], index);
    }

    /// <summary>Writes the indexes that were only noted. Before the tables are looked at as a whole: by a savepoint, by publishing.</summary>
    private void FlushIndexes()
    {
        foreach (var name in SlottedNames)
        {
            if (_moved[name.Slot] == 0) continue;
            SetIndex(name.Key, name.Name, _moved[name.Slot]);
            _moved[name.Slot] = 0;
        }
    }

    private void SetIndex(string name, ulong index) => SetIndex(Keys.Make(name), name, index);

    private void SetIndex(byte[] key, string name, ulong index)
    {
        var earlier = _indexes.Get(key);
        if (earlier is not null && earlier.Value >= index) return;
        var row = new TableIndex(name, index);
        if (earlier is not null) _digest -= RowHash.Of(earlier);
        _digest += RowHash.Of(row);
        _indexes.Put(key, row);
    }

    private void RemoveIndex(string name)
    {
        if (_indexes.Remove(Keys.Of(stackalloc byte[Keys.Scratch], name)) is { } earlier) _digest -= RowHash.Of(earlier);
    }

    private ulong IndexOf(IndexName name) => Math.Max(_indexes.Get(name.Key)?.Value ?? 0, name.Slot < 0 ? 0 : _moved[name.Slot]);
}

/// <summary>A point inside a batch to go back to.</summary>
internal readonly record struct Savepoint((TreeInner Root, int Count)[] Trees, int Superseded, ulong Digest, EffectMark Effects);
