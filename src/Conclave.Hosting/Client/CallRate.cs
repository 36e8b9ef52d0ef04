namespace Conclave.Hosting.Client;

/// <summary>How many calls this agent makes to servers: a burst at once, then so many a second. Thread-safe.</summary>
internal sealed class CallRate(TimeProvider time)
{
    private readonly Lock _gate = new();
    private double _perSecond = -1, _burst = 1, _left = 1;     // Guarded by _gate, as what follows.
    private long _at = time.GetTimestamp();

    /// <summary>Sets the limits. At any time; a smaller burst takes what is above it.</summary>
    /// <param name="perSecond">Calls a second; negative for no limit.</param>
    /// <param name="burst">Calls at once.</param>
    public void Configure(double perSecond, int burst)
    {
        lock (_gate)
        {
            Refill();
            double before = _burst;
            (_perSecond, _burst) = (perSecond, Math.Max(1, burst));
            _left = Math.Min(_burst, _left + Math.Max(0, _burst - before));
        }
    }

    /// <summary>Takes a call's place; false when they are used up for now.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_perSecond < 0) return true;
            Refill();
            if (_left < 1) return false;
            _left--;
            return true;
        }
    }

    private void Refill()
    {
        long now = time.GetTimestamp();
        _left = Math.Min(_burst, _left + time.GetElapsedTime(_at, now).TotalSeconds * Math.Max(0, _perSecond));
        _at = now;
    }
}
