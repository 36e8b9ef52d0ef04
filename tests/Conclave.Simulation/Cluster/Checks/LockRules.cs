using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Simulation.Cluster;

/// <summary>At most one client has reason to believe that it holds the lock; and nobody gets it before the delay after its holder's session was invalidated has passed.</summary>
internal sealed class LockRules(SimCluster cluster)
{
    public const string Key = "lock/a";

    private static readonly byte[] s_key = Encoding.UTF8.GetBytes(Key);

    private readonly Dictionary<string, long> _delays = new(StringComparer.Ordinal);
    private string _holder = "";
    private ulong _endedAt;                                    // index of the entry that invalidated the last holder's session; 0 when it let go by itself
    private long _delay;

    public List<LockClient> Clients { get; } = [];

    /// <summary>A client was told that it has the lock.</summary>
    public void OnHeld(LockClient client, string name)
    {
        cluster.World.Mark("lock held");
        foreach (var other in Clients)
        {
            other.Expire();
            if (other != client && other.Holds) SimFailureException.Safety("one holder of a lock", $"{name} was given the lock that another client holds until its session ends");
        }
    }

    /// <summary>An entry was committed; looks at the key behind it.</summary>
    public void OnCommitted(in LogEntry entry)
    {
        if (entry.Type != EntryType.Command) return;
        if ((CommandType)entry.Data.Span[0] == CommandType.Session && CommandCodec.DecodeSession(entry.Data[1..]) is { Op: "create" } created)
            _delays[created.Session.Id] = created.Session.LockDelayNanoseconds;
        cluster.Committed.Root.KvGet(s_key, null, out var now);
        string holder = now?.Session ?? "";
        if (holder == _holder) return;
        if (holder.Length == 0)
        {
            bool letGo = (CommandType)entry.Data.Span[0] == CommandType.KVS;
            (_endedAt, _delay) = letGo ? (0, 0) : (entry.Index.Value, _delays.GetValueOrDefault(_holder));
        }
        _holder = holder;
    }

    /// <summary>
    /// A node has answered a request for the lock. It must have been refused when it came within the delay, if the node had itself seen the session go:
    /// what it learnt from a snapshot tells nothing of delays.
    /// </summary>
    public void OnAnswered(Call call)
    {
        if (!call.Result.Flag || _endedAt == 0 || _delay == 0) return;
        var command = CommandCodec.DecodeKv(call.Sent[1..]);
        if (command.Op != KvOps.Lock || !command.Entry.Key.AsSpan().SequenceEqual(s_key)) return;
        bool sawIt = call.AtArrival.Applied >= _endedAt && call.AtArrival.SnapshotBase < _endedAt;
        if (!sawIt || call.Result.Index < _endedAt) return;
        var least = TimeSpan.FromTicks((long)(_delay / 100 / (1 + cluster.Settings.DriftPpmMax / 1e6)) - TimeSpan.TicksPerMillisecond);       // clocks differ
        if (cluster.World.Now - cluster.Committed.CommittedAt(_endedAt) < least)
            SimFailureException.Safety("lock delay", $"{call.Server.Identity.NodeName} gave the lock away {(cluster.World.Now - cluster.Committed.CommittedAt(_endedAt)).TotalSeconds:F3} s after its holder's session had ended with a delay of {_delay / 1e9:F3} s");
    }
}
