using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node.LeaderDuties;

namespace Conclave.Node.Requests;

/// <summary>What the gate decided about a command.</summary>
/// <param name="Command">What to propose; empty when nothing is to be proposed.</param>
/// <param name="Answer">The answer when nothing is to be proposed.</param>
internal readonly record struct Admission(ReadOnlyMemory<byte> Command, ApplyResult Answer)
{
    public bool IsProposal => !Command.IsEmpty;

    public static Admission Propose(ReadOnlyMemory<byte> command) => new(command, default);

    public static Admission Reply(ApplyResult answer) => new(default, answer);

    public static Admission Refuse(string text) => new(default, ApplyResult.Error(text));
}

/// <summary>
/// The leader's side of every write: nothing that this build cannot decode and apply may enter the log (a body that does not decode would stop every server that
/// reads it, and again after each restart). Validates, fills in defaults and ids, and answers what need not be logged.
/// </summary>
internal sealed class CommandGate(NodeConfig config, Prng random, LockDelays lockDelays, CoordinateBatch coordinates)
{
    private const byte IgnorableBit = 0x80;

    private Instant _now;

    /// <summary>Decides about one command at <paramref name="now"/>.</summary>
    public Admission Admit(ReadOnlyMemory<byte> command, Instant now)
    {
        if (command.Length < 2) return Admission.Refuse("empty command");
        if (command.Length > config.Limits.CommandBytesMax) return Admission.Refuse($"command of {command.Length} bytes exceeds the limit of {config.Limits.CommandBytesMax} bytes");
        _now = now;
        try
        {
            return Decide((CommandType)(command.Span[0] & ~IgnorableBit), command, command[1..]);
        }
        catch (MsgPackException malformed)
        {
            return Admission.Refuse("malformed command: " + malformed.Message);
        }
    }

    private Admission Decide(CommandType type, ReadOnlyMemory<byte> command, ReadOnlyMemory<byte> body)
    {
        switch (type)
        {
            case CommandType.KVS:
                return Decide(CommandCodec.DecodeKv(body), command);
            case CommandType.Txn:
                return Decide(CommandCodec.DecodeTxn(body), command);
            case CommandType.Session:
                return Decide(CommandCodec.DecodeSession(body), command);
            case CommandType.Register:
                return Decide(CommandCodec.DecodeRegister(body), command);
            case CommandType.Deregister:
                return CatalogRequests.Refuse(CommandCodec.DecodeDeregister(body)) is { } refusal ? Admission.Refuse(refusal) : Admission.Propose(command);
            case CommandType.CoordinateBatchUpdate:
                return Decide(CommandCodec.DecodeCoordinates(body));
            case CommandType.Tombstone:
                CommandCodec.DecodeTombstone(body);
                return Admission.Propose(command);
            case CommandType.Autopilot:
                CommandCodec.DecodeAutopilot(body);
                return Admission.Propose(command);
            default:
                return Admission.Refuse($"unsupported command type {(byte)type}");
        }
    }

    private Admission Decide(KvRequest request, ReadOnlyMemory<byte> command)
    {
        if (KvRequests.Refuse(request.Op, request.Entry.Key) is { } refusal) return Admission.Refuse(refusal);
        bool delayed = request.Op == KvOps.Lock && lockDelays.IsDelayed(request.Entry.Key, _now);
        return delayed ? Admission.Reply(ApplyResult.Of(false)) : Admission.Propose(command);
    }

    private Admission Decide(TxnRequest request, ReadOnlyMemory<byte> command)
    {
        var errors = TxnRequests.Prepare(request, IsLockDelayed, out var prepared);
        if (errors is not null) return Admission.Reply(ApplyResult.Of(new TxnResponse([], errors)));
        return Admission.Propose(ReferenceEquals(prepared, request) ? command : CommandCodec.Encode(prepared));
    }

    private Admission Decide(SessionRequest request, ReadOnlyMemory<byte> command)
    {
        if (SessionRequests.Prepare(request, config.SessionTtlMin, random, out var prepared) is { } refusal) return Admission.Refuse(refusal);
        return Admission.Propose(ReferenceEquals(prepared, request) ? command : CommandCodec.Encode(prepared));
    }

    private static Admission Decide(RegisterRequest request, ReadOnlyMemory<byte> command)
    {
        if (CatalogRequests.Prepare(request, out var prepared) is { } refusal) return Admission.Refuse(refusal);
        return Admission.Propose(ReferenceEquals(prepared, request) ? command : CommandCodec.Encode(prepared));
    }

    private Admission Decide(IReadOnlyList<CoordinateEntry> batch)
    {
        foreach (var entry in batch)
            if (CoordinateBatch.Refuse(entry.Coord) is { } refusal) return Admission.Refuse(refusal);
        foreach (var entry in batch) coordinates.Note(entry);
        return Admission.Reply(ApplyResult.None);
    }

    private bool IsLockDelayed(ReadOnlySpan<byte> key) => lockDelays.IsDelayed(key, _now);
}
