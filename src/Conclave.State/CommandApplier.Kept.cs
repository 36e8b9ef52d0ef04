using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

public sealed partial class CommandApplier
{
    private static ApplyResult ApplyKept(ulong index, CommandType type, ReadOnlyMemory<byte> body) => throw new UnknownCommandException((byte)type, new LogIndex(index));
}
