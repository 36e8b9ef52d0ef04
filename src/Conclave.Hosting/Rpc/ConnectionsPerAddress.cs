using System.Net;

namespace Conclave.Hosting.Calls;

/// <summary>Counts connections by the address they come from. Thread-safe.</summary>
/// <param name="perAddressMax">Most for one address; 0 for no limit.</param>
internal sealed class ConnectionsPerAddress(int perAddressMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _counts = [];          // Guarded by _gate. Only addresses with a connection are in it.
    private volatile int _max = perAddressMax;

    /// <summary>Most for one address; 0 for no limit. Connections that are there stay.</summary>
    public int Max
    {
        get => _max;
        set => _max = value;
    }

    /// <summary>Takes a place; false when the address has all of its.</summary>
    public bool TryTake(IPAddress address)
    {
        lock (_gate)
        {
            int count = _counts.GetValueOrDefault(address);
            if (_max > 0 && count >= _max) return false;
            _counts[address] = count + 1;
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Return(IPAddress address)
    {
        lock (_gate)
        {
            if (_counts[address] == 1) _counts.Remove(address);
            else _counts[address]--;
        }
    }
}
