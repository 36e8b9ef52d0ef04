using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Simulation.Cluster;

/// <summary>Reads, writes, removes and exchanges the values of a few keys and notes everything for the check of linearizability. No two writes share a value.</summary>
internal sealed class KvClient(SimCluster cluster, int number) : SimClient(cluster, $"kv{number}")
{
    private readonly Dictionary<string, (long Value, ulong Index)> _seen = new(StringComparer.Ordinal);
    private ulong _readIndex;

    protected override void Step()
    {
        string key = $"k{Chance.Next(Cluster.Settings.Keys)}";
        switch (Chance.Next(20))
        {
            case < 2: Read(key); break;
            case < 6: ReadByLease(key); break;
            case < 8: ReadStale(key); break;
            case < 13: Set(key); break;
            case < 17: Exchange(key); break;
            case < 18: Delete(key); break;
            case < 19: DeleteIfSame(key); break;
            default: Transact(key); break;
        }
    }

    private void Read(string key)
    {
        var operation = Note(key, new RegisterOperation { Kind = RegisterKind.Read, Client = number, Invoked = Now });
        Read(call =>
        {
            if (call.Outcome == Outcome.Answered)
            {
                Finish(operation, key, call.Root!);
                Successes++;
            }
            Pause();
        });
    }

    // What a front end does on its own thread: it asks the published lease and reads the published state.
    private void ReadByLease(string key)
    {
        var operation = Note(key, new RegisterOperation { Kind = RegisterKind.Read, Client = number, Invoked = Now });
        var server = Cluster.PickServer(Chance);
        Cluster.World.After(Cluster.ClientDelay(), () =>
        {
            if (!server.MayReadByLease && !(Cluster.Flaws.Kind == FlawKind.ReadsFromWhoeverLeads && server.Status.IsLeader))
            {
                Forget(key, operation);
                Pause();
                return;
            }
            var root = server.Root;
            Cluster.World.Mark("read by lease");
            Cluster.World.After(Cluster.ClientDelay(), () =>
            {
                Finish(operation, key, root);
                Pause();
            });
        });
    }

    private void Finish(RegisterOperation operation, string key, StateRoot root)
    {
        operation.Returned = Now;
        operation.Value = Look(root, key);
        if (root.LastIndex < _readIndex) SimFailureException.Safety("the index of a client's reads never goes back", $"{Name} read at index {root.LastIndex} after {_readIndex}");
        _readIndex = root.LastIndex;
    }

    // Any server at once: some past state, which is what the checks of published states say of every root; except of one that has just been recovered by a list of peers, which may be given up.
    private void ReadStale(string key)
    {
        var server = Cluster.Servers[(int)Chance.Next(Cluster.Servers.Count)];
        if (server is { IsUp: true, IsUnearned: false }) Look(server.Root, key);
        Pause();
    }

    private void Set(string key)
    {
        long value = Cluster.NextValue();
        var operation = Note(key, new RegisterOperation { Kind = RegisterKind.Write, Client = number, Invoked = Now, Value = value });
        Write(Kv(KvOps.Set, key, value), key, operation);
    }

    private void Delete(string key)
    {
        var operation = Note(key, new RegisterOperation { Kind = RegisterKind.Write, Client = number, Invoked = Now, Value = 0 });
        Write(Kv(KvOps.Delete, key, 0), key, operation);
    }

    private void Exchange(string key)
    {
        var (expected, index) = _seen.GetValueOrDefault(key);
        long value = Cluster.NextValue();
        var operation = Note(key, new RegisterOperation { Kind = RegisterKind.CompareAndSet, Client = number, Invoked = Now, Expected = expected, Value = value });
        Write(Kv(KvOps.Cas, key, value, index), key, operation);
    }

    // Removing what is not there succeeds whatever index is given, which no register knows: only asked for when a value was seen, and noted as a write if it was gone.
    private void DeleteIfSame(string key)
    {
        var (expected, index) = _seen.GetValueOrDefault(key);
        if (expected == 0)
        {
            Delete(key);
            return;
        }
        var operation = Note(key, new RegisterOperation { Kind = RegisterKind.RemoveIfSame, Client = number, Invoked = Now, Expected = expected });
        Write(Kv(KvOps.DeleteCas, key, 0, index), key, operation);
    }

    // Sets two keys if the first is as it was seen, or none.
    private void Transact(string key)
    {
        string other = $"k{Chance.Next(Cluster.Settings.Keys)}";
        var (expected, index) = _seen.GetValueOrDefault(key);
        if (other == key || expected == 0)
        {
            Set(key);
            return;
        }
        long first = Cluster.NextValue(), second = Cluster.NextValue();
        var exchange = Note(key, new RegisterOperation { Kind = RegisterKind.CompareAndSet, Client = number, Invoked = Now, Expected = expected, Value = first });
        var write = Note(other, new RegisterOperation { Kind = RegisterKind.Write, Client = number, Invoked = Now, Value = second });
        var command = CommandCodec.Encode(new TxnRequest
        {
            Ops =
            [
                new TxnOp { Kv = new TxnKvOp(KvOps.Cas, Entry(key, first, index)) },
                new TxnOp { Kv = new TxnKvOp(KvOps.Set, Entry(other, second, 0)) },
            ],
        });
        Apply(command, call =>
        {
            bool succeeded = call is { Outcome: Outcome.Answered, Result.Txn.Errors.Count: 0 };
            if (call.Outcome == Outcome.Answered)
            {
                exchange.Returned = Now;
                exchange.Succeeded = succeeded;
                if (succeeded)
                {
                    write.Returned = Now;
                    Successes++;
                }
            }
            else if (call.Outcome == Outcome.Refused) Forget(key, exchange);
            if (call.Outcome == Outcome.Refused || (call.Outcome == Outcome.Answered && !succeeded)) Forget(other, write);
            Pause();
        });
    }

    private void Write(byte[] command, string key, RegisterOperation operation) => Apply(command, call =>
    {
        switch (call.Outcome)
        {
            case Outcome.Answered:
                operation.Returned = Now;
                operation.Succeeded = call.Result.Flag;
                Successes++;
                break;
            case Outcome.Refused:
                Forget(key, operation);                        // it never was in any log
                break;
        }
        Pause();
    });

    private RegisterOperation Note(string key, RegisterOperation operation)
    {
        Cluster.HistoryOf(key).Add(operation);
        return operation;
    }

    private void Forget(string key, RegisterOperation operation) => Cluster.HistoryOf(key).Remove(operation);

    private long Look(StateRoot root, string key)
    {
        root.KvGet(Encoding.UTF8.GetBytes(key), null, out var entry);
        long value = 0;
        if (entry is not null) Utf8Parser.TryParse(entry.Value.Span, out value, out _);
        _seen[key] = (value, entry?.ModifyIndex ?? 0);
        return value;
    }

    private static KvEntry Entry(string key, long value, ulong index) =>
        new() { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes($"{value}"), HasValue = true, ModifyIndex = index };

    private static byte[] Kv(string op, string key, long value, ulong index = 0) =>
        CommandCodec.EncodeKv(op, Encoding.UTF8.GetBytes(key), new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes($"{value}")), hasValue: true, flags: 0, session: "", index);
}
