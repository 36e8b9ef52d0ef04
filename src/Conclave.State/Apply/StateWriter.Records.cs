using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Records that are kept without being acted on.</summary>
internal sealed partial class StateWriter
{
    private static string? ApplyIntention(ulong index, MsgPackMap operation) => "intentions in transactions are not supported";

    private void DropQueriesOf(ulong index, string session) { }
}
