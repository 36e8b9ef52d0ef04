namespace Conclave.Http.Blocking;

/// <summary>A list that is always empty, because nothing of its kind can exist yet.</summary>
internal static class EmptyRows
{
    public static ReadQuery New() => new RowsQuery<object>(static (_, _, _) => 1, static (_, _) => { });
}
