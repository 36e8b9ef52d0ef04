using System.Net;
using Conclave.Node;

namespace Conclave.Hosting.Calls;

/// <summary>How many calls each address may make: a burst at once, then so many a second. Thread-safe.</summary>
internal sealed class CallRates(TimeProvider time)
{
    /// <summary>Text of a call that came too soon.</summary>
    public const string Exceeded = ErrorTexts.RateExceeded;

    // Above it, addresses that have all of their burst again are forgotten; they would start with it anyway.
    private const int AddressesMax = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Allowance> _allowances = [];   // Guarded by _gate, as what follows.
    private double _perSecond = -1;
    private double _burst;

    /// <summary>Sets the limits. At any time; what was used counts on.</summary>
    /// <param name="perSecond">Calls a second; negative for no limit.</param>
    /// <param name="burst">Calls at once.</param>
    public void Configure(double perSecond, int burst)
    {
        lock (_gate) (_perSecond, _burst) = (perSecond, Math.Max(1, burst));
    }

    /// <summary>Takes a call's place; false when the address has used up its own.</summary>
    public bool TryTake(IPAddress address)
    {
        if (Volatile.Read(ref _perSecond) < 0) return true;
        lock (_gate)
        {
            long now = time.GetTimestamp();
            if (!_allowances.TryGetValue(address, out var allowance))
            {
                if (_allowances.Count >= AddressesMax) Forget(now);
                allowance = new Allowance(_burst, now);
            }
            double left = LeftOf(allowance, now);
            _allowances[address] = new Allowance(left >= 1 ? left - 1 : left, now);
            return left >= 1;
        }
    }

    private double LeftOf(in Allowance allowance, long now) => Math.Min(_burst, allowance.Left + time.GetElapsedTime(allowance.At, now).TotalSeconds * _perSecond);

    private void Forget(long now)
    {
        foreach (var (address, allowance) in _allowances)
            if (LeftOf(allowance, now) >= _burst) _allowances.Remove(address);
        // All of them busy: whoever can dial from so many addresses is not held back by a count for each.
        if (_allowances.Count >= AddressesMax) _allowances.Clear();
    }

    private readonly record struct Allowance(double Left, long At);
}
