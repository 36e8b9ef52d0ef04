using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Commands whose records are kept as generic trees.</summary>
public sealed partial class CommandApplier
{
    private ApplyResult ApplyKept(ulong index, CommandType type, ReadOnlyMemory<byte> body)
    {
        if (type == CommandType.LegacyAcl) throw new UnknownCommandException((byte)type, new LogIndex(index));
        if (type == CommandType.ConfigEntry) return ApplyConfigEntry(index, body);
        var reader = new MsgPackReader(body);
        var fields = MsgPackTree.ReadMap(ref reader) ?? new MsgPackMap { Fields = [] };
        var mark = _writer.Mark();
        var result = ApplyKept(index, type, fields);
        if (result.Kind == ApplyResultKind.Error) _writer.Restore(mark);
        return result;
    }

    private ApplyResult ApplyKept(ulong index, CommandType type, MsgPackMap body)
    {
        switch (type)
        {
            case CommandType.PreparedQuery: return _writer.PreparedQuery(index, body);
            case CommandType.AclBootstrap: return ErrorOrNone(_writer.BootstrapAcl(index, body));
            case CommandType.Intention: return ErrorOrNone(_writer.ApplyIntention(index, body));
            case CommandType.ConnectCA: return _writer.ConnectCa(index, body);
            // Leaves are not part of the state; their index only wakes agents of the datacenter that signs.
            case CommandType.ConnectCALeaf: return ApplyResult.None;
            case CommandType.FederationState: return _writer.FederationState(index, body);
            case CommandType.SystemMetadata: return _writer.Metadata(index, body);
            case CommandType.AclTokenSet or CommandType.AclPolicySet or CommandType.AclRoleSet or CommandType.AclBindingRuleSet or CommandType.AclAuthMethodSet:
                return ErrorOrNone(_writer.AclSet(index, type, body));
            default:
                _writer.AclDelete(index, type, body);
                return ApplyResult.None;
        }
    }

    private ApplyResult ApplyConfigEntry(ulong index, ReadOnlyMemory<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (kind, request, entry) = ConfigEntryForm.Read(ref reader);
        var mark = _writer.Mark();
        var result = _writer.ConfigEntry(index, kind, GenericTree.Text(request, "Op"), entry);
        if (result.Kind == ApplyResultKind.Error) _writer.Restore(mark);
        return result;
    }
}
