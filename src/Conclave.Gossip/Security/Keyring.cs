namespace Conclave.Gossip.Security;

/// <summary>The keys of a pool in order. The first one encrypts; decrypting tries it first, then the others. Not thread-safe.</summary>
public sealed class Keyring : IDisposable
{
    private readonly List<GossipKey> _keys = [];

    /// <summary>Starts with a primary key, which the keyring owns from now on.</summary>
    public Keyring(GossipKey primary) => _keys.Add(primary);

    /// <summary>All keys, the primary one first.</summary>
    public IReadOnlyList<GossipKey> Keys => _keys;

    /// <summary>The key that encrypts.</summary>
    public GossipKey Primary => _keys[0];

    /// <summary>Adds a key; harmless when it is there already.</summary>
    /// <exception cref="GossipFormatException">No size of a key.</exception>
    /// <returns>False when the keyring is full (<see cref="GossipLimits.KeysMax"/>).</returns>
    public bool TryInstall(ReadOnlySpan<byte> key)
    {
        if (IndexOf(key) >= 0) return true;
        if (_keys.Count == GossipLimits.KeysMax) return false;
        _keys.Add(new(key));
        return true;
    }

    /// <summary>Makes a key the one that encrypts; false when it is not in the keyring.</summary>
    public bool TryUse(ReadOnlySpan<byte> key)
    {
        int at = IndexOf(key);
        if (at < 0) return false;
        var primary = _keys[at];
        _keys.RemoveAt(at);
        _keys.Insert(0, primary);
        return true;
    }

    /// <summary>Removes a key; harmless when it is not there.</summary>
    /// <returns>False for the primary key, which cannot be removed.</returns>
    public bool TryRemove(ReadOnlySpan<byte> key)
    {
        int at = IndexOf(key);
        if (at == 0) return false;
        if (at < 0) return true;
        _keys[at].Dispose();
        _keys.RemoveAt(at);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var key in _keys) key.Dispose();
    }

    private int IndexOf(ReadOnlySpan<byte> key)
    {
        for (int i = 0; i < _keys.Count; i++)
            if (_keys[i].Matches(key)) return i;
        return -1;
    }
}
