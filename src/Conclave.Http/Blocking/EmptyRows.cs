using Conclave.Core.Codec;
using Conclave.Http.Remote;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Blocking;

/// <summary>A list that is always empty, because nothing of its kind can exist yet.</summary>
internal static class EmptyRows
{
    private const string Anything = "PreparedQuery.List";

    private static readonly object s_nothing = new();

    public static ReadQuery New(ReadResponder reads) => new RowsQuery<object>(static (_, _, _) => 1, static (_, _) => { }, static _ => false)
    {
        AtServers = reads.Servers is null ? null : new RemoteRows<object>(Anything, "Queries", Skip, ArgumentsOf(reads)),
    };

    /// <summary>A call for answers that say nothing but who leads and that nothing has changed.</summary>
    public static RemoteQuestion? Question(ReadResponder reads) => reads.Servers is null ? null : new RemoteQuestion(Anything, ArgumentsOf(reads));

    private static QueryArguments ArgumentsOf(ReadResponder reads) => new() { Datacenter = reads.Gateway.Identity.Datacenter };

    private static object Skip(ref MsgPackReader reader)
    {
        reader.Skip(acceptExtensions: true);
        return s_nothing;
    }
}
