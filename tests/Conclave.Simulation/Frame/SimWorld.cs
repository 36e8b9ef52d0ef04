using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>
/// One run: virtual time, the queue of events, chance, the digest, and what there is to tell when something goes wrong. Single-threaded; several worlds in one
/// process share nothing.
/// </summary>
internal sealed class SimWorld(ulong seed)
{
    /// <summary>More events than any run needs: a run that gets here goes round in circles.</summary>
    public const long DefaultEventsMax = 200_000_000;

    private readonly EventQueue _queue = new();
    private readonly SortedDictionary<string, long> _faults = new(StringComparer.Ordinal), _marks = new(StringComparer.Ordinal);
    private long _actors;

    public ulong Seed { get; } = seed;

    /// <summary>True time. Nodes see it through their own <see cref="VirtualClock"/>.</summary>
    public Instant Now { get; private set; }

    /// <summary>Events that have happened.</summary>
    public long EventCount { get; private set; }

    /// <summary>Rolling hash over every event: equal for equal runs, in every process.</summary>
    public ulong Digest { get; private set; }

    /// <summary>The run stops with a <see cref="SimStop"/> before the event after this one.</summary>
    public long StopAfter { get; init; } = long.MaxValue;

    /// <summary>A run with more events than this has failed by <see cref="FailureKind.Timeout"/>.</summary>
    public long EventsMax { get; set; } = DefaultEventsMax;

    public TraceRing Trace { get; } = new();

    /// <summary>How often each kind of fault struck.</summary>
    public IReadOnlyDictionary<string, long> Faults => _faults;

    /// <summary>How often each rare place was reached.</summary>
    public IReadOnlyDictionary<string, long> Marks => _marks;

    private Caller Calls => field ??= new Caller(this);

    /// <summary>
    /// Chance for one purpose, for example <c>network/1>2</c>, <c>disk/3</c>, <c>node/2</c> or <c>workload</c>: a function of the seed and the name alone, so that
    /// one more draw in one place does not shift any other.
    /// </summary>
    public Prng Stream(string name) => new(StableHash.Of(name, Seed));

    public void At(Instant at, SimActor actor, int kind, long a = 0, long b = 0, object? item = null) =>
        _queue.Push(Math.Max(at.Nanoseconds, Now.Nanoseconds), new SimEvent { Actor = actor, Kind = kind, A = a, B = b, Item = item });

    /// <summary>Calls something later. For scenarios and faults; what happens often has an actor.</summary>
    public void At(Instant at, Action call) => At(at, Calls, 0, item: call);

    public void After(TimeSpan delay, Action call) => At(Now + delay, call);

    /// <summary>Lets everything happen that is due until then; afterwards it is that time.</summary>
    public void RunUntil(Instant until)
    {
        while (_queue.NextAt <= until.Nanoseconds) Step();
        if (Now < until) Now = until;
    }

    public void RunFor(TimeSpan time) => RunUntil(Now + time);

    /// <summary>Runs until <paramref name="holds"/>, looking every <paramref name="look"/>; false when it did not within <paramref name="bound"/>.</summary>
    public bool RunUntil(Func<bool> holds, TimeSpan look, TimeSpan bound)
    {
        var end = Now + bound;
        while (!holds())
        {
            if (Now >= end) return false;
            RunFor(look);
        }
        return true;
    }

    /// <summary>Lets the content of something count in the digest.</summary>
    public void Mix(ulong value) => Digest = StableHash.Combine(Digest, value);

    public void Mix(ReadOnlySpan<byte> bytes) => Mix(StableHash.Of(bytes));

    public void CountFault(string kind) => _faults[kind] = _faults.GetValueOrDefault(kind) + 1;

    public void Mark(string place) => _marks[place] = _marks.GetValueOrDefault(place) + 1;

    internal long NextActorNumber() => ++_actors;

    private void Step()
    {
        if (EventCount >= StopAfter) throw new SimStop();
        if (EventCount >= EventsMax) throw new SimFailureException(FailureKind.Timeout, $"more than {EventsMax} events");
        Now = new Instant(_queue.Pop(out var happened));
        EventCount++;
        Mix((ulong)Now.Nanoseconds ^ ((ulong)happened.Actor.Number << 44) ^ ((ulong)happened.Kind << 60));
        happened.Actor.OnEvent(in happened);
    }

    private sealed class Caller(SimWorld world) : SimActor(world)
    {
        public override void OnEvent(in SimEvent happened) => ((Action)happened.Item!)();
    }
}
