namespace Conclave.Simulation.Cluster;

/// <summary>What the checker found.</summary>
public enum Verdict : byte
{
    /// <summary>There is an order.</summary>
    Linearizable,
    /// <summary>There is none: the store lied to somebody.</summary>
    Wrong,
    /// <summary>The search was given up at its bound.</summary>
    Undecided,
}

/// <summary>
/// Decides whether the operations on one key can be put into one order that respects time and the rules of a register with compare-and-set (the search of Wing and Gong,
/// with the configurations already tried remembered as Lowe proposes). Operations without a known outcome are tried last: an order rarely needs them.
/// </summary>
public sealed class Linearizability
{
    private const int StepsMax = 200_000;

    private readonly RegisterOperation[] _operations;
    private readonly ulong[] _done;
    private readonly HashSet<Configuration> _tried = [];
    private int _knownLeft, _steps;

    private Linearizability(IEnumerable<RegisterOperation> operations)
    {
        // A read that never returned says nothing.
        _operations = [.. operations.Where(o => o.IsKnown || o.Kind != RegisterKind.Read).OrderBy(o => o.Returned).ThenBy(o => o.Invoked)];
        _done = new ulong[(_operations.Length + 63) / 64];
        _knownLeft = _operations.Count(o => o.IsKnown);
    }

    /// <summary>Judges the history of one key, which began without a value.</summary>
    public static Verdict Judge(IEnumerable<RegisterOperation> operations)
    {
        var search = new Linearizability(operations);
        if (search.TryFinish(current: 0, from: 0)) return Verdict.Linearizable;
        return search._steps >= StepsMax ? Verdict.Undecided : Verdict.Wrong;
    }

    // Everything before `from` has its place: the operations stand in the order of their return, so the first one without a place bounds what may come next.
    private bool TryFinish(long current, int from)
    {
        if (_knownLeft == 0) return true;
        if (++_steps >= StepsMax) return false;
        while (IsDone(from)) from++;
        long bound = _operations[from].Returned;
        for (int i = from; i < _operations.Length; i++)
        {
            var operation = _operations[i];
            if (operation.Invoked > bound || IsDone(i) || !TryApply(operation, ref current, out long before)) continue;
            if (Place(i, current) && TryFinish(current, from)) return true;
            TakeBack(i);
            current = before;
        }
        return false;
    }

    private static bool TryApply(RegisterOperation operation, ref long current, out long before)
    {
        before = current;
        switch (operation.Kind)
        {
            case RegisterKind.Read:
                return operation.Value == current;
            case RegisterKind.Write:
                current = operation.Value;
                return true;
            default:
                bool removes = operation.Kind == RegisterKind.RemoveIfSame;
                bool matches = operation.Expected == current || (removes && current == 0);
                if (operation.IsKnown && operation.Succeeded != matches) return false;
                if (!operation.IsKnown && !matches) return false;        // without effect it might as well never happen
                if (matches) current = removes ? 0 : operation.Value;
                return true;
        }
    }

    // False when the same operations were placed before with the same value as the result.
    private bool Place(int i, long current)
    {
        _done[i / 64] |= 1UL << i;
        if (_operations[i].IsKnown) _knownLeft--;
        return _tried.Add(new Configuration((ulong[])_done.Clone(), current));
    }

    private void TakeBack(int i)
    {
        _done[i / 64] &= ~(1UL << i);
        if (_operations[i].IsKnown) _knownLeft++;
    }

    private bool IsDone(int i) => (_done[i / 64] >> i & 1) != 0;

    private readonly record struct Configuration(ulong[] Done, long Value)
    {
        public bool Equals(Configuration other) => Value == other.Value && Done.AsSpan().SequenceEqual(other.Done);

        public override int GetHashCode()
        {
            ulong hash = (ulong)Value;
            foreach (ulong word in Done) hash = Core.StableHash.Combine(hash, word);
            return (int)hash;
        }
    }
}
