using System.Threading.Tasks.Sources;
using Conclave.Core.Model;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>
/// A pooled request: the node's question and answer and the caller's awaitable in one object. Two parties end it, the node by <see cref="Complete"/> and a caller
/// that stops waiting by its token; the first one wins, and only an object whose both ends are done goes back to the pool.
/// </summary>
internal sealed class GatewayRequest(RequestPool pool) : NodeRequest, IValueTaskSource<ApplyResult>, IValueTaskSource<Session?>
{
    private const int Waiting = 0, Answered = 1, Abandoned = 2;

    // The continuation of a caller must never run on the node's loop.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private int _state;

    public short Token => _core.Version;

    /// <summary>Makes the object ready for a new question.</summary>
    public void Begin(NodeRequestKind kind)
    {
        Kind = kind;
        Result = default;
        Session = null;
        _core.Reset();
        Volatile.Write(ref _state, Waiting);
    }

    /// <summary>Lets <paramref name="stop"/> end the wait. Called before the node gets the request.</summary>
    public void AbandonOn(CancellationToken stop)
    {
        if (stop.CanBeCanceled) _registration = stop.UnsafeRegister(static (self, token) => ((GatewayRequest)self!).Abandon(token), this);
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        if (Interlocked.CompareExchange(ref _state, Answered, Waiting) == Waiting) _core.SetResult(true);
    }

    /// <summary>Ends a request that never reached the node.</summary>
    public void Refuse(string text)
    {
        Result = ApplyResult.Error(text);
        Complete();
    }

    private void Abandon(CancellationToken token)
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting) _core.SetException(new OperationCanceledException(token));
    }

    ApplyResult IValueTaskSource<ApplyResult>.GetResult(short token)
    {
        _core.GetResult(token);
        var result = Result;
        Return();
        return result;
    }

    Session? IValueTaskSource<Session?>.GetResult(short token)
    {
        _core.GetResult(token);
        var (result, session) = (Result, Session);
        Return();
        if (result.Kind == ApplyResultKind.Error) throw new NodeUnavailableException(result.Text);
        return session;
    }

    ValueTaskSourceStatus IValueTaskSource<ApplyResult>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<Session?>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<ApplyResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<Session?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    // An abandoned object is not pooled: the node may still hold it. (GetResult throws for it before it gets here.)
    private void Return()
    {
        _registration.Dispose();
        _registration = default;
        pool.Return(this);
    }
}
