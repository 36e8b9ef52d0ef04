namespace Conclave.State;

/// <summary>What the edits of all trees in one batch have in common: who owns new nodes, and which published nodes were replaced.</summary>
/// <param name="step">The first step; larger than any step whose nodes the trees already hold.</param>
internal sealed class EditBatch(long step)
{
    private readonly List<TreeNode> _superseded = [];

    /// <summary>Nodes of this step may be edited in place. Counted along the line of roots, so that no two steps in one line meet.</summary>
    public long Step { get; private set; } = step;

    /// <summary>Freezes everything made so far: after a mark, and when a batch is published.</summary>
    public void NextStep() => Step++;

    public void Supersede(TreeNode node) => _superseded.Add(node);

    public int Mark() => _superseded.Count;

    public void Restore(int mark) => _superseded.RemoveRange(mark, _superseded.Count - mark);

    /// <summary>
    /// Hands the watches of all replaced nodes over: earlier waiters are collected, later ones will find the batch's watch.
    /// Done at the end and not while editing, so that an edit that is taken back leaves no trace in nodes that stay.
    /// </summary>
    public FiredWatches HandOver(bool leaveSuccessor = true)
    {
        if (_superseded.Count == 0) return FiredWatches.None;
        var batchWatch = new Watch();
        List<Watch>? waited = null;
        foreach (var node in _superseded)
            if ((leaveSuccessor ? node.HandOver(batchWatch) : node.TakeWatchOnly()) is { } earlier) (waited ??= []).Add(earlier);
        _superseded.Clear();
        if (_superseded.Capacity > SupersededKept) _superseded.Capacity = SupersededKept;
        return new FiredWatches(waited, batchWatch);
    }

    /// <summary>Room that is kept between batches; a recursive delete of a huge prefix gives its memory back.</summary>
    private const int SupersededKept = 16384;
}
