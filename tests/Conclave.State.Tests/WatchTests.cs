using System.Text;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Tests.State;

public sealed class WatchTests
{
    // Far above anything a loaded machine needs; only a lost wake-up comes near.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>A reader evaluates on the old root, the writer publishes and fires, only then the reader starts to wait.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void A_reader_that_comes_late_is_told_because_the_writer_leaves_its_watch_behind(bool leaveSuccessor, int calls)
    {
        var batch = new EditBatch(1);
        var edit = new TreeEdit<string>(new Tree<string>(), batch);
        edit.Put("key"u8.ToArray(), "old");
        batch.HandOver();
        var old = edit.Publish();
        batch.NextStep();

        edit.Put("key"u8.ToArray(), "new");
        var fired = batch.HandOver(leaveSuccessor);
        edit.Publish();
        fired.Fire();
        var watches = new WatchSet();
        Assert.Equal("old", old.Get("key"u8, watches));
        var waiter = new Waiter();
        watches.Arm(waiter);

        Assert.Equal(calls, waiter.Calls);
    }

    [Fact]
    public void A_reader_between_hand_over_and_publication_is_told_after_publication()
    {
        var state = new StateFixture();
        state.Kv(KvOps.Set, "key", "old");
        var early = Wait(state, "key", out _);
        state.Applier.ApplyKv(state.Index + 1, new KvRequest { Op = KvOps.Set, Entry = new KvEntry { Key = "key"u8.ToArray(), Value = "new"u8.ToArray(), HasValue = true } });
        var root = state.Applier.Publish(out var fired);
        var late = Wait(state, "key", out var seen);            // still on the old root
        Assert.Equal((0, 0), (early.Calls, late.Calls));
        Assert.False(fired.TryFinish());
        Assert.Equal((0, 0), (early.Calls, late.Calls));
        fired.Fire();
        Assert.Equal((1, 1), (early.Calls, late.Calls));
        Assert.Equal("old", Encoding.UTF8.GetString(seen!.Value.Span));
        root.KvGet("key"u8, null, out var entry);
        Assert.Equal("new", Encoding.UTF8.GetString(entry!.Value.Span));
    }

    [Fact]
    public void A_reader_alone_between_hand_over_and_publication_is_not_told_before_publication()
    {
        var state = new StateFixture();
        state.Kv(KvOps.Set, "key", "old");
        state.Applier.ApplyKv(state.Index + 1, new KvRequest { Op = KvOps.Delete, Entry = new KvEntry { Key = "key"u8.ToArray() } });
        state.Applier.Publish(out var fired);
        var late = Wait(state, "key", out _);
        Assert.Equal(0, late.Calls);                            // else it would look at the old root again and again
        Assert.False(fired.TryFinish());
        fired.Fire();
        Assert.Equal(1, late.Calls);
    }

    [Fact]
    public void Nothing_is_to_be_scheduled_when_nobody_waits()
    {
        var state = new StateFixture();
        state.Kv(KvOps.Set, "key", "1");
        Assert.False(state.Called);
        Wait(state, "key", out _);
        state.Kv(KvOps.Set, "other", "1");
        Assert.False(state.Called);
        state.Kv(KvOps.Set, "key", "2");
        Assert.True(state.Called);
    }

    [Fact]
    public void A_waiter_is_called_once_however_many_of_its_watches_fire()
    {
        var state = new StateFixture();
        var (watches, waiter) = (new WatchSet(), new Waiter());
        state.Get("a", out _, watches);
        state.Get("b", out _, watches);
        state.List("", out _, watches);
        watches.Arm(waiter);
        state.Kv(KvOps.Set, "a", "1");
        state.Kv(KvOps.Set, "b", "1");
        Assert.Equal(1, waiter.Calls);
        watches.Clear();
        Assert.Equal(0, watches.Count);
        state.Get("a", out _, watches);
        watches.Arm(waiter);
        state.Kv(KvOps.Set, "a", "2");
        Assert.Equal(2, waiter.Calls);
    }

    [Fact]
    public void A_waiter_that_gave_up_is_neither_called_nor_kept()
    {
        var state = new StateFixture();
        state.Kv(KvOps.Set, "key", "1");
        var waiter = WaitAndGiveUp(state);
        state.Kv(KvOps.Set, "other", "1");
        Assert.False(state.Called);
        for (var i = 0; i < 10 && waiter.IsAlive; i++) GC.Collect();
        Assert.False(waiter.IsAlive);
        state.Kv(KvOps.Set, "key", "2");
        Assert.False(state.Called);
    }

    [Fact]
    public void A_restore_wakes_everybody_who_waits_on_the_old_state()
    {
        var state = new StateFixture();
        state.Service("n", "web", "web");
        var waiters = new List<Waiter>();
        void Arm(Action<WatchSet> query)
        {
            var (watches, waiter) = (new WatchSet(), new Waiter());
            query(watches);
            watches.Arm(waiter);
            waiters.Add(waiter);
        }
        void ArmAll()
        {
            Arm(watches => state.Get("none", out _, watches));
            Arm(watches => state.List("p", out _, watches));
            Arm(watches => state.Root.SessionList(watches, []));
            Arm(watches => state.Root.Nodes(null, watches, []));
            Arm(watches => state.Root.CheckServiceNodes("web", null, null, false, watches, []));
            Arm(watches => state.Root.CheckServiceNodes("none", null, null, true, watches, []));
            Arm(watches => state.Root.ServiceChecks("none", null, watches, []));
            Arm(watches => state.Root.ChecksInState("critical", null, watches, []));
            Arm(watches => state.Root.NodeChecks("n", watches, []));
            Arm(watches => state.Root.Coordinates(watches, []));
            Arm(watches => state.Root.Autopilot(watches, out _));
        }
        ArmAll();
        state.Root.Abandon();
        Assert.All(waiters, waiter => Assert.Equal(1, waiter.Calls));
        ArmAll();
        Assert.All(waiters, waiter => Assert.Equal(1, waiter.Calls));
    }

    /// <summary>Four readers wait for each of many versions while one writer makes them as fast as they are seen.</summary>
    [Fact]
    public void No_wake_up_is_lost_under_stress()
    {
        const int Versions = 3000, Readers = 4;
        var applier = new CommandApplier(new StateRoot());
        var shared = new Shared { Root = applier.Publish(out _) };
        var threads = new List<Thread>();
        for (var i = 0; i < Readers; i++)
        {
            var prefix = i % 2 == 1;
            var thread = new Thread(() => ReadUntil(shared, Versions, prefix));
            thread.Start();
            threads.Add(thread);
        }
        for (var version = 1; version <= Versions; version++)
        {
            applier.ApplyKv((ulong)version, new KvRequest { Op = KvOps.Set, Entry = new KvEntry { Key = "p/key"u8.ToArray(), Value = BitConverter.GetBytes(version), HasValue = true } });
            applier.Skip(new Core.LogIndex((ulong)version));
            var root = applier.Publish(out var fired);
            Volatile.Write(ref shared.Root, root);
            if (!fired.TryFinish()) fired.Fire();
            // Every second version waits to be seen by all, so that readers are asleep for the next; the others hit them while they look.
            if (version % 2 == 0) Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref shared.Missed) > 0 || shared.AllSaw(Readers, version), Patience));
        }
        foreach (var thread in threads) Assert.True(thread.Join(Patience));
        Assert.Equal(0, shared.Missed);
    }

    private static void ReadUntil(Shared shared, int last, bool prefix)
    {
        var watches = new WatchSet();
        using var gate = new Gate();
        var entries = new List<KvEntry>();
        while (true)
        {
            watches.Clear();
            gate.Reset();
            entries.Clear();
            var root = Volatile.Read(ref shared.Root);
            if (prefix) root!.KvList("p/"u8, watches, entries);
            else if (Found(root!, watches) is { } found) entries.Add(found);
            var version = entries.Count == 0 ? 0 : BitConverter.ToInt32(entries[0].Value.Span);
            shared.Saw(version);
            if (version == last) return;
            watches.Arm(gate);
            if (gate.Wait(Patience)) continue;
            Interlocked.Increment(ref shared.Missed);
            return;
        }
    }

    private static KvEntry? Found(StateRoot root, WatchSet watches)
    {
        root.KvGet("p/key"u8, watches, out var entry);
        return entry;
    }

    private static Waiter Wait(StateFixture state, string key, out KvEntry? seen)
    {
        var (watches, waiter) = (new WatchSet(), new Waiter());
        state.Get(key, out seen, watches);
        watches.Arm(waiter);
        return waiter;
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference WaitAndGiveUp(StateFixture state)
    {
        var (watches, waiter) = (new WatchSet(), new Waiter());
        state.Get("key", out _, watches);
        watches.Arm(waiter);
        watches.Disarm();
        Assert.Equal(0, waiter.Calls);
        return new WeakReference(waiter);
    }

    private sealed class Shared
    {
        public StateRoot? Root;
        public int Missed;
        private readonly Dictionary<int, int> _seen = [];

        public void Saw(int version)
        {
            lock (_seen) _seen[Environment.CurrentManagedThreadId] = version;
        }

        public bool AllSaw(int readers, int version)
        {
            lock (_seen) return _seen.Count == readers && _seen.Values.All(seen => seen >= version);
        }
    }

    private sealed class Gate : IWatchWaiter, IDisposable
    {
        private readonly ManualResetEventSlim _event = new();

        public void OnChanged() => _event.Set();

        public void Reset() => _event.Reset();

        public bool Wait(TimeSpan patience) => _event.Wait(patience);

        public void Dispose() => _event.Dispose();
    }
}
