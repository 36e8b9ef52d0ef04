using Conclave.Http.Blocking;
using Conclave.Node.Streaming;

namespace Conclave.Http.Remote;

/// <summary>One question about a view, and all requests that wait for its next answer. The answer is rendered once for each state of the view, when somebody wants it.</summary>
/// <param name="query">The question; an object of its own.</param>
/// <param name="pretty">Whether the answer is indented.</param>
internal sealed class ViewQuestion(ReadQuery query, bool pretty)
{
    private readonly Lock _rendering = new();
    private ServiceRows? _rendered;                            // Guarded by _rendering, as _body.
    private SharedBody? _body;

    /// <summary>Guarded by the view's lock.</summary>
    public WaiterList<Waiter> Waiters { get; } = new();

    /// <summary>The answer out of these rows.</summary>
    public SharedBody Render(ServiceRows rows, ServiceViews views)
    {
        lock (_rendering)
        {
            if (ReferenceEquals(_rendered, rows)) return _body!;
            views.NoteRendering();
            query.Take(rows);
            var json = query.Render(pretty);
            var body = new SharedBody(json.WrittenMemory.ToArray(), rows.Index);
            json.Release();
            query.Forget();
            // A slow thread may come with older rows: those who asked get them, and the newer ones stay.
            if (_rendered is null || _rendered.Index <= rows.Index) (_rendered, _body) = (rows, body);
            return body;
        }
    }

    /// <summary>The rows have changed, and nobody waits: the old answer is of no use.</summary>
    public void Forget()
    {
        lock (_rendering) (_rendered, _body) = (null, null);
    }
}
