namespace Conclave.Hosting;

/// <summary>
/// Runs turns one at a time without a thread of their own: whoever brings news runs a turn if nobody does, or lets the pool run it. What arrives during a turn is taken by the next one.
/// Thread-safe.
/// </summary>
internal sealed class TurnGate : IThreadPoolWorkItem
{
    private const int Idle = 0, Running = 1, News = 2;

    private Func<bool>? _turn;
    private int _state = Running;                                      // until there is a turn to run, news are only noted

    /// <summary>Begins; the calling thread runs the first turn.</summary>
    /// <param name="turn">Takes all that has arrived; false ends the turns for ever. Must not throw.</param>
    public void Start(Func<bool> turn)
    {
        _turn = turn;
        Run();
    }

    /// <summary>There is something new to take. It must be where the turn looks before this is called.</summary>
    /// <param name="here">The calling thread has time for one turn and holds no lock that a turn's receivers take: that spares waking another thread.</param>
    public void Wake(bool here)
    {
        // A full fence on both sides: either the turn under way still sees the news, or this sees that none is.
        if (Interlocked.Exchange(ref _state, News) != Idle) return;
        if (here) Run();
        else ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => Run();

    // One turn, so that nobody is kept from his own work by a flood that others bring.
    private void Run()
    {
        Interlocked.Exchange(ref _state, Running);
        if (!_turn!()) return;
        if (Interlocked.CompareExchange(ref _state, Idle, Running) != Running) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
