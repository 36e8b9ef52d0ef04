using System.Diagnostics;
using Conclave.Core;

namespace Conclave.Fuzz;

/// <summary>Feeds a target for a while. The inputs depend on the seed alone, so a failure can be had again by its number.</summary>
internal static class FuzzRunner
{
    private const long AllocatedPerByte = 4096;

    /// <summary>Runs until <paramref name="shouldStop"/>; the failure and its input, or null. The seeds themselves come first.</summary>
    public static FuzzFailure? Run(FuzzTarget target, IReadOnlyList<byte[]> seeds, ulong seed, Func<long, bool> shouldStop, out long runs)
    {
        var random = new Prng(seed).Split(target.Name);
        var mutator = new Mutator(random);
        for (runs = 0; !shouldStop(runs); runs++)
        {
            var input = runs < seeds.Count ? seeds[(int)runs] : mutator.Mutate(Pick(seeds, random), Pick(seeds, random));
            if (Try(target, input) is { } problem) return new(runs, input, problem);
        }
        return null;
    }

    /// <summary>Runs one input; what went wrong, or null.</summary>
    public static Exception? Try(FuzzTarget target, byte[] input)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Run(input);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return e;                                                // whatever it is: targets promise to throw nothing
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return allocated <= target.AllocatedBytesMax + input.Length * AllocatedPerByte ? null : new UnreachableException($"{allocated} bytes allocated for {input.Length} bytes of input");
    }

    private static byte[] Pick(IReadOnlyList<byte[]> seeds, Prng random) => seeds[(int)random.Next(seeds.Count)];
}

/// <summary>An input that broke a promise.</summary>
/// <param name="Run">Its number, under the seed of the run.</param>
/// <param name="Input">The bytes.</param>
/// <param name="Problem">What was thrown.</param>
internal sealed record FuzzFailure(long Run, byte[] Input, Exception Problem);
