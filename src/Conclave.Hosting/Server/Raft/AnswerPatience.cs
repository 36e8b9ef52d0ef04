namespace Conclave.Hosting;

/// <summary>Ends a connection whose answers take too long to come or to leave. One watch for the connection's life: a timer for each answer would cost more than the answer.</summary>
/// <param name="end">Ends the connection.</param>
/// <param name="time">Clock and timers.</param>
internal sealed class AnswerPatience(CancellationTokenSource end, TimeProvider time)
{
    /// <summary>Longest time until the peer has taken an answer.</summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Longest time until the node has found an answer. It answers at once or after a flush; what it finds no answer to costs the connection.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private InboundRequest? _request;                                  // Guarded by _gate, like all below.
    private long _until = long.MaxValue;                               // A timestamp of the clock.
    private string? _reason;

    /// <summary>Why patience ended; null while it lasts.</summary>
    public string? Reason
    {
        get
        {
            lock (_gate) return _reason;
        }
    }

    /// <summary>From now on an answer is waited for: it comes, or it is given up. A snapshot takes as long as its bytes take to come; the connection's end ends it.</summary>
    public void BeginAnswer(InboundRequest request)
    {
        lock (_gate)
        {
            _request = request;
            _until = request.Snapshot is null ? After(AnswerTimeout) : long.MaxValue;
        }
        if (end.IsCancellationRequested) request.GiveUp();
    }

    /// <summary>From now on an answer is on its way.</summary>
    public void BeginWrite()
    {
        lock (_gate) _until = After(WriteTimeout);
    }

    /// <summary>What was waited for is over.</summary>
    public void End()
    {
        lock (_gate) (_request, _until) = (null, long.MaxValue);
    }

    /// <summary>Watches until the connection ends.</summary>
    public async Task WatchAsync()
    {
        while (!end.IsCancellationRequested)
        {
            await Task.Delay(WriteTimeout / 4, time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (IsOver()) await end.CancelAsync().ConfigureAwait(false);
        }
        InboundRequest? waiting;
        lock (_gate) waiting = _request;
        waiting?.GiveUp();
    }

    private long After(TimeSpan wait) => time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);

    private bool IsOver()
    {
        lock (_gate)
        {
            if (time.GetTimestamp() < _until) return false;
            _reason = _request is null ? "the peer takes no answers" : "the node gave no answer in time";
            return true;
        }
    }
}
