using Conclave.State;

namespace Conclave.Http.Blocking;

/// <summary>Requests of HTTP that wait for the same question.</summary>
internal sealed class RequestGroup(BlockingQueries owner, string key, bool pretty, ReadQuery query) : WatchGroup<Waiter>(key)
{
    protected override StateRoot Root => owner.Root;

    protected override ulong Run(StateRoot root, WatchSet watches) => query.Run(root, watches);

    protected override void Answer(List<Waiter> woken)
    {
        var body = new SharedBody(query.Render(pretty), Index, query.IsMissing, woken.Count);
        query.Forget();
        foreach (var waiter in woken) waiter.Body = body;
    }

    protected override void Wake(Waiter waiter) => waiter.Wake();

    protected override void OnClosed()
    {
        query.Forget();
        owner.Remove(this);
    }
}
