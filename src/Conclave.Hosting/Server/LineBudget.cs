namespace Conclave.Hosting;

/// <summary>Keeps others from filling the log: some lines at once, then one a second. Thread-safe.</summary>
internal sealed class LineBudget(TimeProvider time)
{
    private const int Burst = 20;

    private readonly Lock _gate = new();
    private double _left = Burst;                                      // Guarded by _gate, as what follows.
    private long _at = time.GetTimestamp();

    /// <summary>Whether a line may be written now.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            _left = Math.Min(Burst, _left + time.GetElapsedTime(_at, now).TotalSeconds);
            _at = now;
            if (_left < 1) return false;
            _left--;
            return true;
        }
    }
}
