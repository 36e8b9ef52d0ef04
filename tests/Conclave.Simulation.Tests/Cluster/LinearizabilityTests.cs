using Conclave.Core;
using Conclave.Simulation.Cluster;

namespace Conclave.Simulation.Tests.Cluster;

/// <summary>The checker must accept every history that one register can produce, and refuse those that none can.</summary>
public class LinearizabilityTests
{
    private static RegisterOperation Read(long from, long to, long value) => new() { Kind = RegisterKind.Read, Invoked = from, Returned = to, Value = value };

    private static RegisterOperation Write(long from, long to, long value) => new() { Kind = RegisterKind.Write, Invoked = from, Returned = to, Value = value };

    private static RegisterOperation Cas(long from, long to, long expected, long value, bool succeeded) =>
        new() { Kind = RegisterKind.CompareAndSet, Invoked = from, Returned = to, Expected = expected, Value = value, Succeeded = succeeded };

    private const long Unknown = RegisterOperation.Never;

    public static TheoryData<string, RegisterOperation[]> RightHistories() => new()
    {
        { "nothing at all", [] },
        { "no value before the first write", [Read(0, 1, 0), Write(2, 3, 7), Read(4, 5, 7)] },
        { "a read beside a write sees either", [Write(0, 10, 7), Read(1, 2, 0), Read(3, 4, 7)] },
        { "reads beside each other decide the order of two writes", [Write(0, 10, 1), Write(0, 10, 2), Read(11, 12, 1)] },
        { "an unknown write is seen late", [Write(0, 1, 1), Write(2, Unknown, 2), Read(5, 6, 1), Read(100, 101, 2)] },
        { "an unknown write never happens", [Write(0, 1, 1), Write(2, Unknown, 2), Read(100, 101, 1)] },
        { "an unknown write explains a refused exchange", [Write(0, 1, 1), Write(2, Unknown, 2), Cas(5, 6, 1, 3, false), Read(7, 8, 2)] },
        { "an exchange succeeds on what was written", [Write(0, 1, 1), Cas(2, 3, 1, 2, true), Read(4, 5, 2)] },
        { "of two exchanges beside each other one wins", [Write(0, 1, 1), Cas(2, 9, 1, 2, true), Cas(2, 9, 1, 3, false), Read(10, 11, 2)] },
        { "creation through an exchange with nothing", [Cas(0, 1, 0, 5, true), Cas(2, 3, 0, 6, false), Read(4, 5, 5)] },
        { "removal and creation again", [Write(0, 1, 1), Write(2, 3, 0), Cas(4, 5, 0, 2, true), Read(6, 7, 2)] },
        { "an unknown exchange took effect", [Write(0, 1, 1), Cas(2, Unknown, 1, 2, false), Read(8, 9, 2)] },
    };

    public static TheoryData<string, RegisterOperation[]> WrongHistories() => new()
    {
        { "a value from nowhere", [Read(0, 1, 7)] },
        { "an acknowledged write is lost", [Write(0, 1, 1), Write(2, 3, 2), Read(4, 5, 1)] },
        { "a write is lost altogether", [Write(0, 1, 1), Read(2, 3, 0)] },
        { "reads go back", [Write(0, 1, 1), Write(2, 20, 2), Read(3, 4, 2), Read(5, 6, 1)] },
        { "a value is read before it was written", [Read(0, 1, 1), Write(2, 3, 1)] },
        { "two exchanges succeed on the same value", [Write(0, 1, 1), Cas(2, 9, 1, 2, true), Cas(2, 9, 1, 3, true)] },
        { "an exchange succeeds on an old value", [Write(0, 1, 1), Write(2, 3, 2), Cas(4, 5, 1, 3, true)] },
        { "an exchange fails for no reason", [Write(0, 1, 1), Cas(2, 3, 1, 2, false)] },
        { "a failed exchange is seen", [Write(0, 1, 1), Write(2, 3, 4), Cas(4, 5, 1, 2, false), Read(6, 7, 2)] },
        { "an unknown write happens twice", [Write(0, Unknown, 1), Read(2, 3, 1), Write(4, 5, 2), Read(6, 7, 1)] },
        { "an unknown write is seen and unseen", [Write(0, 1, 1), Write(2, Unknown, 2), Read(5, 6, 2), Read(7, 8, 1)] },
        { "two readers disagree about the order", [Write(0, 9, 1), Write(0, 9, 2), Read(10, 11, 1), Read(12, 13, 2)] },
        { "a removed key is back", [Write(0, 1, 1), Write(2, 3, 0), Read(4, 5, 1)] },
    };

    [Theory]
    [MemberData(nameof(RightHistories))]
    public void Possible_history_is_accepted(string what, RegisterOperation[] history) => Assert.True(Linearizability.Judge(history) == Verdict.Linearizable, what);

    [Theory]
    [MemberData(nameof(WrongHistories))]
    public void Impossible_history_is_refused(string what, RegisterOperation[] history) => Assert.True(Linearizability.Judge(history) == Verdict.Wrong, what);

    [Fact]
    public void History_of_a_real_register_is_accepted_and_a_wrong_read_in_it_is_found()
    {
        int found = 0;
        for (ulong seed = 1; seed <= 200; seed++)
        {
            var history = RandomHistory(new Prng(seed));
            Assert.True(Linearizability.Judge(history) == Verdict.Linearizable, $"seed {seed}");
            var last = history.Last(o => o.Kind == RegisterKind.Read);
            last.Value = 1_000_000;                                      // nobody wrote that
            if (Linearizability.Judge(history) == Verdict.Wrong) found++;
        }
        Assert.Equal(200, found);
    }

    // Each operation takes effect at a point between its call and its return; some returns are never seen.
    private static List<RegisterOperation> RandomHistory(Prng random)
    {
        List<RegisterOperation> history = [];
        long current = 0, value = 0;
        for (long point = 100; point < 100 + 60 * 10; point += 10)
        {
            long from = point - random.Next(60), to = random.Next(12) == 0 ? Unknown : point + random.Next(60);
            switch (random.Next(3))
            {
                case 0:
                    history.Add(Read(from, to == Unknown ? point : to, current));
                    break;
                case 1:
                    current = ++value;
                    history.Add(Write(from, to, current));
                    break;
                default:
                    long expected = random.Next(2) == 0 ? current : random.Next(value + 1);
                    bool succeeds = expected == current;
                    history.Add(Cas(from, to, expected, ++value, succeeds));
                    if (succeeds) current = value;
                    break;
            }
        }
        history.Add(Read(10_000, 10_001, current));
        return history;
    }
}
