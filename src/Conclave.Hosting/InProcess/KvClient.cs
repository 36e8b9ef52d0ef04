using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Hosting;

/// <summary>
/// Keys and values of the cluster, in process: no HTTP, no JSON. Thread-safe. Keys are UTF-8 without a leading slash. Writes return when they are durable and applied;
/// cancelling one means "stopped waiting", it may still happen.
/// </summary>
/// <remarks>All calls throw <see cref="NodeUnavailableException"/> when no leader can be reached in time, and <see cref="ConclaveRequestException"/> when the cluster refuses.</remarks>
public sealed class KvClient
{
    // Longer keys are rare; they are encoded on the heap.
    private const int KeyScratchBytes = 256;

    private readonly INodeGateway _gateway;

    internal KvClient(INodeGateway gateway) => _gateway = gateway;

    /// <summary>Reads a key from this node's newest state: synchronous, without allocation. On a node that is not the leader it may be a moment old.</summary>
    public KvValue GetLocal(ReadOnlySpan<byte> key)
    {
        _gateway.Root.KvGet(key, null, out var entry);
        return new KvValue(entry);
    }

    /// <summary>Reads a key. Completes synchronously and without allocation for stale reads and while this node leads.</summary>
    public ValueTask<KvValue> GetAsync(ReadOnlyMemory<byte> key, ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var grant = _gateway.ReadAsync(mode, stop);
        return grant.IsCompletedSuccessfully ? new ValueTask<KvValue>(Read(grant.Result, key.Span)) : FinishAsync(grant, key);

        static async ValueTask<KvValue> FinishAsync(ValueTask<ReadGrant> grant, ReadOnlyMemory<byte> key) => Read(await grant.ConfigureAwait(false), key.Span);
    }

    /// <summary>Reads a key. Completes synchronously and without allocation for stale reads and while this node leads.</summary>
    public ValueTask<KvValue> GetAsync(string key, ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var grant = _gateway.ReadAsync(mode, stop);
        return grant.IsCompletedSuccessfully ? new ValueTask<KvValue>(Read(grant.Result, key)) : FinishAsync(grant, key);

        static async ValueTask<KvValue> FinishAsync(ValueTask<ReadGrant> grant, string key) => Read(await grant.ConfigureAwait(false), key);
    }

    /// <summary>Reads all keys below a prefix, in byte order.</summary>
    public async ValueTask<IReadOnlyList<KvValue>> ListAsync(string prefix, ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var root = await _gateway.RootAsync(mode, stop).ConfigureAwait(false);
        var entries = new List<KvEntry>();
        root.KvList(Encoding.UTF8.GetBytes(prefix), null, entries);
        return entries.ConvertAll(static entry => new KvValue(entry));
    }

    /// <summary>Lists the names of the keys below a prefix; with a separator each name is cut behind the first one after the prefix and listed once.</summary>
    public async ValueTask<IReadOnlyList<string>> KeysAsync(string prefix, string separator = "", ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var root = await _gateway.RootAsync(mode, stop).ConfigureAwait(false);
        var keys = new List<ReadOnlyMemory<byte>>();
        root.KvKeys(Encoding.UTF8.GetBytes(prefix), Encoding.UTF8.GetBytes(separator), null, keys);
        return keys.ConvertAll(static key => Encoding.UTF8.GetString(key.Span));
    }

    /// <summary>Stores a value.</summary>
    public async ValueTask PutAsync(string key, ReadOnlyMemory<byte> value, ulong flags = 0, CancellationToken stop = default) =>
        await _gateway.RunAsync(Encode(KvOps.Set, key, value, flags), stop).ConfigureAwait(false);

    /// <summary>Stores a text as UTF-8.</summary>
    public ValueTask PutAsync(string key, string value, ulong flags = 0, CancellationToken stop = default) => PutAsync(key, Encoding.UTF8.GetBytes(value), flags, stop);

    /// <summary>Stores a value if the key was last changed at <paramref name="modifyIndex"/>; 0 means "if it does not exist". False when it was not.</summary>
    public ValueTask<bool> CasAsync(string key, ReadOnlyMemory<byte> value, ulong modifyIndex, ulong flags = 0, CancellationToken stop = default) =>
        DecideAsync(Encode(KvOps.Cas, key, value, flags, casIndex: modifyIndex), stop);

    /// <summary>Deletes a key; one that does not exist is fine.</summary>
    public async ValueTask DeleteAsync(string key, CancellationToken stop = default) =>
        await _gateway.RunAsync(EncodeBare(KvOps.Delete, key), stop).ConfigureAwait(false);

    /// <summary>Deletes a key if it was last changed at <paramref name="modifyIndex"/>. False when it was not.</summary>
    public ValueTask<bool> DeleteCasAsync(string key, ulong modifyIndex, CancellationToken stop = default) => DecideAsync(EncodeBare(KvOps.DeleteCas, key, modifyIndex), stop);

    /// <summary>Deletes all keys below a prefix; the empty prefix means all there are.</summary>
    public async ValueTask DeleteTreeAsync(string prefix, CancellationToken stop = default) =>
        await _gateway.RunAsync(EncodeBare(KvOps.DeleteTree, prefix), stop).ConfigureAwait(false);

    /// <summary>Stores a value and takes the lock of the key for a session. False when another session holds it or its lock delay has not passed.</summary>
    public ValueTask<bool> AcquireAsync(string key, ReadOnlyMemory<byte> value, string session, ulong flags = 0, CancellationToken stop = default) =>
        DecideAsync(Encode(KvOps.Lock, key, value, flags, session), stop);

    /// <summary>Stores a value and gives the lock of the key back. False when the session does not hold it.</summary>
    public ValueTask<bool> ReleaseAsync(string key, ReadOnlyMemory<byte> value, string session, ulong flags = 0, CancellationToken stop = default) =>
        DecideAsync(Encode(KvOps.Unlock, key, value, flags, session), stop);

    /// <summary>
    /// Follows the keys below a prefix: first every key that exists, then each change. Changes that follow each other faster than the reader reads are folded:
    /// every key's last state is seen, not every state in between. Ends by <paramref name="stop"/> with an <see cref="OperationCanceledException"/>.
    /// </summary>
    public async IAsyncEnumerable<KvChange> WatchAsync(string prefix, [EnumeratorCancellation] CancellationToken stop = default)
    {
        byte[] prefixBytes = Encoding.UTF8.GetBytes(prefix);
        var watches = new WatchSet();
        var (before, after) = (new List<KvEntry>(), new List<KvEntry>());
        await _gateway.RootAsync(ReadMode.Default, stop).ConfigureAwait(false);
        try
        {
            while (true)
            {
                watches.Clear();
                after.Clear();
                _gateway.Root.KvList(prefixBytes, watches, after);
                foreach (var change in KvDiff.Between(before, after)) yield return change;
                (before, after) = (after, before);

                var signal = new ChangeSignal();                       // a late call of an earlier arming must not end a later wait
                watches.Arm(signal);
                await signal.WaitAsync(stop).ConfigureAwait(false);
            }
        }
        finally
        {
            watches.Clear();
        }
    }

    private static KvValue Read(in ReadGrant grant, ReadOnlySpan<byte> key)
    {
        if (grant.Root is null) throw new NodeUnavailableException(grant.Error ?? ErrorTexts.NoLeader);
        grant.Root.KvGet(key, null, out var entry);
        return new KvValue(entry);
    }

    private static KvValue Read(in ReadGrant grant, string key)
    {
        if (Encoding.UTF8.GetMaxByteCount(key.Length) > KeyScratchBytes) return Read(grant, Encoding.UTF8.GetBytes(key));
        Span<byte> scratch = stackalloc byte[KeyScratchBytes];
        int length = Encoding.UTF8.GetBytes(key, scratch);
        return Read(grant, scratch[..length]);
    }

    private async ValueTask<bool> DecideAsync(byte[] command, CancellationToken stop) => (await _gateway.RunAsync(command, stop).ConfigureAwait(false)).Flag;

    private static byte[] Encode(string op, string key, ReadOnlyMemory<byte> value, ulong flags, string session = "", ulong casIndex = 0) =>
        CommandCodec.EncodeKv(op, Encoding.UTF8.GetBytes(key), new ReadOnlySequence<byte>(value), hasValue: true, flags, session, casIndex);

    private static byte[] EncodeBare(string op, string key, ulong casIndex = 0) =>
        CommandCodec.EncodeKv(op, Encoding.UTF8.GetBytes(key), ReadOnlySequence<byte>.Empty, hasValue: false, flags: 0, session: "", casIndex);
}
