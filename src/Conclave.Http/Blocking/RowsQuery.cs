using Conclave.Http.Json;
using Conclave.Http.Remote;
using Conclave.Node.Streaming;
using Conclave.Rpc.Messages;
using Conclave.State;

namespace Conclave.Http.Blocking;

/// <summary>Appends rows of the state to a list; gives the index.</summary>
public delegate ulong RowSource<T>(StateRoot root, WatchSet? watches, List<T> into);

/// <summary>Writes one row.</summary>
public delegate void RowWriter<T>(JsonOut json, T row);

/// <summary>A list of rows as a JSON array, with an optional condition and an optional order.</summary>
/// <param name="source">Where the rows come from.</param>
/// <param name="writer">How a row is written.</param>
/// <param name="condition">Which rows are kept; null for all.</param>
/// <param name="order">Sorts the rows that are kept; null for the state's order.</param>
public sealed class RowsQuery<T>(RowSource<T> source, RowWriter<T> writer, Predicate<T>? condition = null, Action<StateRoot, List<T>>? order = null) : ReadQuery
{
    private List<T> _rows = [];

    /// <summary>The same rows as servers give them, for agents without a state.</summary>
    public RemoteRows<T>? AtServers { get; init; }

    /// <summary>The same rows out of a subscription; null when none tells them.</summary>
    public StreamedRows<T>? FromStream { get; init; }

    /// <inheritdoc/>
    public override StreamQuestion? Streamed => FromStream?.Question;

    /// <inheritdoc/>
    public override RemoteQuestion? Remote => AtServers?.Question;

    /// <inheritdoc/>
    public override QueryMeta Read(ReadOnlyMemory<byte> result)
    {
        _rows.Clear();
        var meta = AtServers!.Read(result, _rows);
        // The order is the servers'. They have applied the condition as well, except for the part of it that they are not told of.
        if (condition is not null) Keep(condition);
        return meta;
    }

    /// <inheritdoc/>
    public override void Take(ServiceRows rows)
    {
        _rows.Clear();
        foreach (var row in FromStream!.RowsOf(rows))
            if (FromStream.Wanted(row) && condition?.Invoke(row) != false) _rows.Add(row);
    }

    /// <inheritdoc/>
    public override ulong Run(StateRoot root, WatchSet? watches)
    {
        _rows.Clear();
        var index = source(root, watches, _rows);
        if (condition is not null) Keep(condition);
        order?.Invoke(root, _rows);
        return index;
    }

    /// <inheritdoc/>
    public override void Write(JsonOut json)
    {
        json.BeginArray();
        foreach (var row in _rows) writer(json, row);
        json.EndArray();
    }

    /// <inheritdoc/>
    public override void Forget() => _rows = [];

    /// <inheritdoc/>
    protected override void OnCopied() => _rows = [];

    private void Keep(Predicate<T> wanted)
    {
        var kept = 0;
        for (var i = 0; i < _rows.Count; i++)
            if (wanted(_rows[i])) _rows[kept++] = _rows[i];
        _rows.RemoveRange(kept, _rows.Count - kept);
    }
}
