using System.Diagnostics;
using Conclave.Core;

namespace Conclave.Fuzz;

/// <summary>Feeds a target for a while. The inputs depend on the seed alone, so a failure can be had again by its number.</summary>
internal static class FuzzRunner
{
    private const long AllocatedPerByte = 4096;


    /// <summary>Runs until <paramref name="shouldStop"/>; the failure and its input, or null. The seeds themselves come first.</summary>
    /// <param name="target">The target.</param>
    /// <param name="seeds">Inputs to start from.</param>
    /// <param name="seed">The inputs are a function of it, and of the inputs to start from.</param>
    /// <param name="shouldStop">Told how many inputs have run.</param>
    /// <param name="runs">How many inputs have run.</param>
    /// <param name="found">Where inputs with ends not seen before are put, or null.</param>
    public static FuzzFailure? Run(FuzzTarget target, IReadOnlyList<byte[]> seeds, ulong seed, Func<long, bool> shouldStop, out long runs, List<byte[]>? found = null)
    {
        var random = new Prng(seed).Split(target.Name);
        var mutator = new Mutator(random);
        var starts = new List<byte[]>(seeds);
        var ends = new SeenEnds();
        for (runs = 0; !shouldStop(runs); runs++)
        {
            var input = runs < seeds.Count ? seeds[(int)runs] : Next(target, starts, mutator, random);
            if (Try(target, input) is { } problem) return new(runs, input, problem);
            if (target.Signature is null || !ends.TryAdd(target.Signature()) || runs < seeds.Count) continue;
            starts.Add(input);
            found?.Add(input);
        }
        return null;
    }

    private static byte[] Next(FuzzTarget target, List<byte[]> starts, Mutator mutator, Prng random)
    {
        if (target.Make is null || random.Next(2) == 0) return mutator.Mutate(Pick(starts, random), Pick(starts, random));
        var made = target.Make(random);
        return random.Next(2) == 0 ? made : mutator.Mutate(made, Pick(starts, random));
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

/// <summary>Ends of runs in bits. An end is new when two of its bits were never seen together: all combinations would be far too many to keep.</summary>
internal sealed class SeenEnds
{
    private readonly ulong[] _seenWith = new ulong[64];

    /// <summary>Takes an end; false when it is not new.</summary>
    public bool TryAdd(ulong end)
    {
        bool isNew = false;
        for (int bit = 0; bit < _seenWith.Length; bit++)
        {
            if ((end >> bit & 1) == 0) continue;
            isNew |= (end & ~_seenWith[bit]) != 0;
            _seenWith[bit] |= end;
        }
        return isNew;
    }
}

/// <summary>An input that broke a promise.</summary>
/// <param name="Run">Its number, under the seed of the run.</param>
/// <param name="Input">The bytes.</param>
/// <param name="Problem">What was thrown.</param>
internal sealed record FuzzFailure(long Run, byte[] Input, Exception Problem);
