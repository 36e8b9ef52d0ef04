using System.Text;
using Conclave.State;

namespace Conclave.Tests.State;

/// <summary>A tree and its plain twin, edited alike; optionally with a waiter on every short key and prefix.</summary>
internal sealed class TreeRun
{
    private static readonly string[] Subjects = ["", "a", "b", "\0", "aa", "ab", "ba", "bb", "aab", "aba", "abab", "bab", "a\0"];

    private readonly EditBatch _batch = new(1);
    private readonly TreeEdit<string> _edit;
    private readonly bool _watch;
    private readonly List<(Tree<string> Tree, SortedDictionary<string, string> Twin)> _versions = [];
    private readonly List<Waiting> _waiting = [];

    private SortedDictionary<string, string> _twin = new(StringComparer.Ordinal);
    private (((TreeInner, int) Tree, int Batch) Mark, SortedDictionary<string, string> Twin)? _mark;
    private Tree<string> _published = new();
    private int _counter;

    private TreeRun(bool watch)
    {
        _watch = watch;
        _edit = new TreeEdit<string>(_published, _batch);
        if (watch) ArmAll();
    }

    /// <summary>Waiters that slept through a change of their subject.</summary>
    public int MissedWakeUps { get; private set; }

    public static TreeRun Of(TreeTests.Edit[] edits, bool watch = false)
    {
        var run = new TreeRun(watch);
        run.Apply(edits);
        return run;
    }

    public void Apply(TreeTests.Edit[] edits)
    {
        foreach (var edit in edits) Apply(edit);
    }

    public Waiter Arm(string subject, bool isPrefix)
    {
        var waiting = Look(subject, isPrefix);
        waiting.Watches.Arm(waiting.Waiter);
        return waiting.Waiter;
    }

    public bool Matches()
    {
        Publish();
        return Same(_published, _twin) && Subjects.All(subject => SamePrefix(_published, _twin, subject));
    }

    public bool VersionsMatch() => _versions.TrueForAll(version => Same(version.Tree, version.Twin));

    private void Apply(TreeTests.Edit edit)
    {
        var key = Encoding.Latin1.GetBytes(edit.Key);
        switch (edit.Kind)
        {
            case TreeTests.Kind.Put:
                var value = "v" + ++_counter;
                Assert.Equal(_twin.GetValueOrDefault(edit.Key), _edit.Put(key, value));
                _twin[edit.Key] = value;
                break;
            case TreeTests.Kind.Remove:
                Assert.Equal(_twin.GetValueOrDefault(edit.Key), _edit.Remove(key));
                _twin.Remove(edit.Key);
                break;
            case TreeTests.Kind.RemovePrefix:
                var removed = new List<string>();
                _edit.RemovePrefix(key, removed);
                var below = _twin.Where(pair => pair.Key.StartsWith(edit.Key, StringComparison.Ordinal)).ToList();
                Assert.Equal(below.Select(pair => pair.Value), removed);
                foreach (var pair in below) _twin.Remove(pair.Key);
                break;
            case TreeTests.Kind.Publish: Publish(); break;
            case TreeTests.Kind.Mark:
                _mark = ((_edit.Mark(), _batch.Mark()), new(_twin, StringComparer.Ordinal));
                _batch.NextStep();
                break;
            case TreeTests.Kind.Restore when _mark is { } mark:
                _edit.Restore(mark.Mark.Tree);
                _batch.Restore(mark.Mark.Batch);
                _twin = mark.Twin;
                _mark = null;
                break;
            case TreeTests.Kind.Forget: _mark = null; break;
        }
        Assert.Equal(_twin.Count, _edit.Count);
    }

    private void Publish()
    {
        _mark = null;                                           // a savepoint does not outlive its batch
        var fired = _batch.HandOver();
        var before = _published;
        _published = _edit.Publish();
        _batch.NextStep();
        _versions.Add((_published, new(_twin, StringComparer.Ordinal)));
        fired.Fire();
        if (!_watch) return;
        foreach (var waiting in _waiting)
        {
            var changed = waiting.IsPrefix ? !Values(before, waiting.Subject).SequenceEqual(Values(_published, waiting.Subject)) : Get(before, waiting.Subject) != Get(_published, waiting.Subject);
            if (changed && waiting.Waiter.Calls == 0) MissedWakeUps++;
            if (waiting.Waiter.Calls > 1) MissedWakeUps++;
        }
        ArmAll();
    }

    private void ArmAll()
    {
        foreach (var waiting in _waiting) waiting.Watches.Disarm();
        _waiting.Clear();
        foreach (var subject in Subjects)
        {
            _waiting.Add(Look(subject, isPrefix: false));
            _waiting.Add(Look(subject, isPrefix: true));
        }
        foreach (var waiting in _waiting) waiting.Watches.Arm(waiting.Waiter);
    }

    private Waiting Look(string subject, bool isPrefix)
    {
        var watches = new WatchSet();
        if (isPrefix) _published.Scan(Encoding.Latin1.GetBytes(subject), watches);
        else _published.Get(Encoding.Latin1.GetBytes(subject), watches);
        return new Waiting(subject, isPrefix, watches, new Waiter());
    }

    private static bool Same(Tree<string> tree, SortedDictionary<string, string> twin) =>
        tree.Count == twin.Count && Values(tree, "").SequenceEqual(twin.Values) && twin.All(pair => Get(tree, pair.Key) == pair.Value);

    private static bool SamePrefix(Tree<string> tree, SortedDictionary<string, string> twin, string prefix) =>
        Values(tree, prefix).SequenceEqual(twin.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(pair => pair.Value))
        && Get(tree, prefix) == twin.GetValueOrDefault(prefix)
        && tree.HasAny(Encoding.Latin1.GetBytes(prefix)) == twin.Any(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal));

    private static string? Get(Tree<string> tree, string key) => tree.Get(Encoding.Latin1.GetBytes(key));

    private static List<string> Values(Tree<string> tree, string prefix)
    {
        var values = new List<string>();
        foreach (var value in tree.Scan(Encoding.Latin1.GetBytes(prefix))) values.Add(value);
        return values;
    }

    private sealed record Waiting(string Subject, bool IsPrefix, WatchSet Watches, Waiter Waiter);
}

/// <summary>Counts its calls.</summary>
internal sealed class Waiter : IWatchWaiter
{
    private int _calls;

    public int Calls => Volatile.Read(ref _calls);

    public void OnChanged() => Interlocked.Increment(ref _calls);
}
