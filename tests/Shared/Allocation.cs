namespace Conclave.Tests;

/// <summary>Measures what code allocates once it is warm.</summary>
internal static class Allocation
{
    /// <summary>
    /// The least of several measurements of the same work on this thread. The runtime allocates by itself now and then, when it compiles a method anew in the middle of a run; what the work
    /// needs it needs every time.
    /// </summary>
    /// <param name="work">What is measured; it runs as often as there are measurements.</param>
    /// <param name="measurements">How often.</param>
    public static long Least(Action work, int measurements = 5)
    {
        long least = long.MaxValue;
        for (int i = 0; i < measurements; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
