using System.Diagnostics;

namespace Conclave.Fuzz.Targets;

/// <summary>What a target claims about a successful parse.</summary>
internal static class Promise
{
    public static void Holds(bool condition, string what)
    {
        if (!condition) throw new UnreachableException("broken: " + what);
    }
}
