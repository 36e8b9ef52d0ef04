using System.Text;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// A blocking query at one server: looks, waits for a change, looks again. Whenever a server publishes a state, the query must have been woken or its result must be
/// the one that it has seen; and a new result must have a higher index, else the client that gave the old one would go on waiting.
/// </summary>
internal sealed class Watcher : IWatchWaiter
{
    private const string Rule = "no blocking query sleeps through a change";

    private readonly SimCluster _cluster;
    private readonly Prng _chance;
    private readonly byte[] _prefix;
    private readonly WatchSet _watches = new();
    private readonly List<KvEntry> _rows = [];
    private SimServer? _server;
    private StateRoot? _looked;
    private long _life;
    private ulong _index, _digest;
    private bool _isArmed;

    public Watcher(SimCluster cluster, int number)
    {
        _cluster = cluster;
        _chance = cluster.World.Stream($"watcher/{number}");
        _prefix = Encoding.UTF8.GetBytes(_chance.Next(3) switch { 0 => "", 1 => "k", _ => "k0" });
    }

    /// <summary>It has been told of every change, and waits for the next.</summary>
    public bool IsQuiet => _isArmed || _server is not { IsUp: true };

    public void Begin() => Look();

    /// <summary>The server has published a state and fired what was to be fired.</summary>
    public void OnPublished(SimServer server)
    {
        if (server != _server || server.Life != _life || !_isArmed) return;
        ulong index = Evaluate(server.Root, null, out ulong digest);
        if (digest != _digest) SimFailureException.Safety(Rule, $"a query for '{Encoding.UTF8.GetString(_prefix)}' at {server.Identity.NodeName} still waits at index {_index}, the result has changed at index {index}");
    }

    public void OnServerGone(SimServer server)
    {
        if (server != _server) return;
        _watches.Disarm();
        _isArmed = false;
        _server = null;
        LookSoon();
    }

    void IWatchWaiter.OnChanged()
    {
        _isArmed = false;
        LookSoon();
    }

    private void LookSoon() => _cluster.World.After(_chance.NextTimeSpan(TimeSpan.FromMilliseconds(30)), Look);

    private void Look()
    {
        if (_isArmed) return;
        if (_server is not { IsUp: true } || _server.Life != _life) Connect();
        if (_server is not { IsUp: true } server)
        {
            LookSoon();
            return;
        }
        _watches.Clear();
        var root = server.Root;
        ulong index = Evaluate(root, _watches, out ulong digest);
        if (_looked is not null && root.LastIndex < _looked.LastIndex) _looked = null;       // what the server had recovered was given up
        // An index that stands still hides the change from the client. Only removals whose traces were swept away meanwhile may do that.
        if (_looked is not null && digest != _digest && index <= _index && !_cluster.SweptBetween(_looked.LastIndex, root.LastIndex))
            SimFailureException.Safety(Rule, $"a query for '{Encoding.UTF8.GetString(_prefix)}' at {server.Identity.NodeName} has a new result, but its index went from {_index} to {index}");
        (_looked, _index, _digest) = (root, index, digest);
        _isArmed = true;
        _watches.Arm(this);
        if (_cluster.IsOver || _chance.Next(40) != 0) return;
        OnServerGone(server);                                  // goes to another one
    }

    private void Connect()
    {
        _server = _cluster.Servers[(int)_chance.Next(_cluster.Servers.Count)];
        _life = _server.Life;
        _looked = null;
    }

    private ulong Evaluate(StateRoot root, WatchSet? watches, out ulong digest)
    {
        _rows.Clear();
        ulong index = root.KvList(_prefix, watches, _rows);
        digest = 1;
        foreach (var row in _rows) digest = StableHash.Combine(digest, StableHash.Of(row.Key, row.ModifyIndex));
        return index;
    }
}
