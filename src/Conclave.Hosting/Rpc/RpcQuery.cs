using Conclave.Core.Codec;
using Conclave.Http.Endpoints;
using Conclave.Node.Filters;
using Conclave.Rpc.Messages;
using Conclave.State;

namespace Conclave.Hosting.Calls;

/// <summary>One read of the state, asked as often as it must wait.</summary>
internal abstract class RpcQuery
{
    /// <summary>Reads; gives the index to block on.</summary>
    public abstract ulong Run(StateRoot root, WatchSet? watches);

    /// <summary>Writes what the last run found.</summary>
    public abstract void Write(ref MsgPackWriter writer, QueryMeta meta);
}

/// <summary>Reads rows of one kind.</summary>
internal delegate ulong RowReader<T>(StateRoot root, WatchSet? watches, List<T> into);

/// <summary>A list under a name.</summary>
/// <typeparam name="T">What a row is.</typeparam>
internal sealed class RowsQuery<T>(byte[] name, RowReader<T> read, RowWriter<T> write) : RpcQuery
{
    private readonly List<T> _rows = [];

    /// <summary>Which rows count; null for all.</summary>
    public Filter<T>? Condition { get; init; }

    /// <summary>Another condition; null for none.</summary>
    public Predicate<T>? Also { get; init; }

    /// <summary>Node from which rows are sorted by distance, by its name or, without one, by its address; null for the state's order.</summary>
    public (string Node, string Ip)? Near { get; init; }

    /// <summary>Node of a row, for the order.</summary>
    public Func<T, string>? NodeOf { get; init; }

    /// <inheritdoc/>
    public override ulong Run(StateRoot root, WatchSet? watches)
    {
        _rows.Clear();
        ulong index = read(root, watches, _rows);
        Condition?.Apply(_rows);
        if (Also is { } also) _rows.RemoveAll(row => !also(row));
        if (NodeOf is not null && Near is { } near) NearOrder.Sort(root, _rows, near.Node.Length > 0 ? near.Node : NearOrder.NodeAt(root, near.Ip), NodeOf);
        return index;
    }

    /// <inheritdoc/>
    public override void Write(ref MsgPackWriter writer, QueryMeta meta) => RowResults.Write(ref writer, name, _rows, write, meta);
}

/// <summary>A read whose answer needs a form of its own.</summary>
/// <typeparam name="T">What a run finds.</typeparam>
internal sealed class FormQuery<T>(Func<StateRoot, WatchSet?, (ulong Index, T Found)> read, FormQuery<T>.Form write) : RpcQuery
{
    private T _found = default!;

    public delegate void Form(ref MsgPackWriter writer, T found, QueryMeta meta);

    /// <inheritdoc/>
    public override ulong Run(StateRoot root, WatchSet? watches)
    {
        (ulong index, _found) = read(root, watches);
        return index;
    }

    /// <inheritdoc/>
    public override void Write(ref MsgPackWriter writer, QueryMeta meta) => write(ref writer, _found, meta);
}
