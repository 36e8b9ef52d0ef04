using System.Diagnostics.CodeAnalysis;

namespace Conclave.Core;

/// <summary>Checks that hold in every build. A broken invariant is a bug: the node stops rather than spreads it.</summary>
public static class Invariant
{
    /// <summary>Throws <see cref="InvariantBrokenException"/> when <paramref name="condition"/> is false. Allocates nothing when it is true.</summary>
    public static void Require([DoesNotReturnIf(false)] bool condition, string what)
    {
        if (!condition) Throw(what);
    }

    [DoesNotReturn]
    private static void Throw(string what) => throw new InvariantBrokenException(what);
}

/// <summary>An internal contradiction was found. Not for catching: the component that throws it cannot go on.</summary>
public sealed class InvariantBrokenException(string what) : Exception("Invariant broken: " + what);
