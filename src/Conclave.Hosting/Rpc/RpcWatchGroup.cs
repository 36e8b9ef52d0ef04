using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Http.Blocking;
using Conclave.State;

namespace Conclave.Hosting.Calls;

/// <summary>Calls that wait for the same question.</summary>
internal sealed class RpcWatchGroup(RpcWaits owner, string key, RpcQuery query) : WatchGroup<RpcWaiter>(key)
{
    protected override StateRoot Root => owner.Root;

    protected override ulong Run(StateRoot root, WatchSet watches)
    {
        owner.NoteEvaluation();
        return query.Run(root, watches);
    }

    protected override void Answer(List<RpcWaiter> woken)
    {
        owner.NoteRendering();
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        query.Write(ref writer, owner.MetaOf(Index));
        writer.Flush();
        var result = new SharedResult(buffer.ToArray());
        foreach (var waiter in woken) waiter.Result = result;
    }

    protected override void Wake(RpcWaiter waiter) => waiter.End();

    protected override void OnClosed() => owner.Remove(this);
}
