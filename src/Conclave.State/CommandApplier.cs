using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>
/// Applies committed commands to the state, one batch at a time. Owned by the node's loop. Deterministic: looks at nothing but the commands and the state.
/// </summary>
public sealed partial class CommandApplier
{
    private readonly StateWriter _writer;
    private ulong _lastIndex;

    /// <summary>Starts from <paramref name="root"/> (an empty or restored one).</summary>
    public CommandApplier(StateRoot root)
    {
        ArgumentNullException.ThrowIfNull(root);
        _writer = new StateWriter(root);
        _lastIndex = root.LastIndex;
    }

    /// <summary>Applies one entry of the log, whatever its type: commands, pieces of large commands, and entries that only use up their index.</summary>
    /// <returns>The result; <see cref="ApplyResult.None"/> for entries without a command and for all but the last piece of a large one.</returns>
    /// <exception cref="UnknownCommandException">As for <see cref="Apply(LogIndex, ReadOnlyMemory{byte})"/>.</exception>
    /// <exception cref="MsgPackException">As for <see cref="Apply(LogIndex, ReadOnlyMemory{byte})"/>.</exception>
    public ApplyResult Apply(in LogEntry entry)
    {
        if (entry.Type != EntryType.Command)
        {
            Skip(entry.Index);
            return ApplyResult.None;
        }
        if (entry.Extensions.IsEmpty) return Apply(entry.Index, entry.Data);
        if (_writer.CollectChunk(entry) is { } whole) return Apply(entry.Index, whole);
        Skip(entry.Index);
        return ApplyResult.None;
    }

    /// <summary>Applies one entry's command (type byte + body). <paramref name="command"/> may be kept: the caller gives it up. An error result changes nothing but the index.</summary>
    /// <exception cref="UnknownCommandException">A type without the ignorable bit that this build does not know: the replica must stop before applying.</exception>
    /// <exception cref="MsgPackException">The body is malformed; nothing changed. Every server finds the same: the replica must stop.</exception>
    public ApplyResult Apply(LogIndex index, ReadOnlyMemory<byte> command)
    {
        Invariant.Require(index.Value > _lastIndex, "entries are applied in order");
        if (command.IsEmpty) throw new MsgPackException("a command is empty", 0);
        var result = Dispatch(index.Value, command.Span[0], command[1..]);
        _lastIndex = index.Value;
        return result.At(index.Value);
    }

    /// <summary>Notes that an entry without a command (noop, barrier, configuration) used up <paramref name="index"/>.</summary>
    public void Skip(LogIndex index)
    {
        Invariant.Require(index.Value > _lastIndex, "entries are applied in order");
        _lastIndex = index.Value;
    }

    /// <summary>Digest of the state with everything applied so far, published or not; what <see cref="StateRoot.Digest"/> would be.</summary>
    public ulong Digest => _writer.Digest;

    /// <summary>Ends the batch: the new immutable root and the watches to fire. The caller publishes the root first, then calls
    /// <see cref="FiredWatches.TryFinish"/>, and when that is false <see cref="FiredWatches.Fire"/> off the loop.</summary>
    public StateRoot Publish(out FiredWatches fired) => _writer.Publish(_lastIndex, out fired);

    /// <summary>Sessions that ended since the last call, with the keys they held, in the order of the log. For the leader's lock delays and timers.</summary>
    public IReadOnlyList<SessionEnded> TakeEndedSessions() => _writer.Effects.TakeEnded();

    /// <summary>Sessions created since the last call, in the order of the log. For the leader's timers. One that ended since then is listed all the same.</summary>
    public IReadOnlyList<Session> TakeCreatedSessions() => _writer.Effects.TakeCreated();

    /// <summary>Index of the newest tombstone made since the last call; 0 when there was none. The leader has tombstones up to it reaped in due time.</summary>
    public ulong TakeNewestTombstone() => _writer.Effects.TakeNewestTombstone();

    private ApplyResult Dispatch(ulong index, byte type, ReadOnlyMemory<byte> body) => (CommandType)(type & ~CommandCodec.Ignorable) switch
    {
        CommandType.KVS => ApplyKv(index, CommandCodec.DecodeKv(body)),
        CommandType.Session => ApplySession(index, CommandCodec.DecodeSession(body)),
        CommandType.Register => ApplyRegister(index, CommandCodec.DecodeRegister(body)),
        CommandType.Deregister => ApplyDeregister(index, CommandCodec.DecodeDeregister(body)),
        CommandType.Txn => ApplyTxn(index, CommandCodec.DecodeTxn(body)),
        CommandType.Tombstone => ApplyTombstone(CommandCodec.DecodeTombstone(body)),
        CommandType.CoordinateBatchUpdate => ApplyCoordinates(index, CommandCodec.DecodeCoordinates(body)),
        CommandType.Autopilot => ApplyAutopilot(index, CommandCodec.DecodeAutopilot(body)),
        CommandType.LegacyAcl or CommandType.PreparedQuery or CommandType.AclBootstrap or CommandType.Intention or CommandType.ConnectCA
            or (>= CommandType.AclTokenSet and <= CommandType.AclAuthMethodDelete) or CommandType.FederationState or CommandType.SystemMetadata
            => ApplyKept(index, (CommandType)(type & ~CommandCodec.Ignorable), body),
        _ when (type & CommandCodec.Ignorable) != 0 => ApplyResult.None,
        _ => throw new UnknownCommandException(type, new LogIndex(index)),
    };

    internal ApplyResult ApplyKv(ulong index, KvRequest request)
    {
        var entry = request.Entry;
        switch (request.Op)
        {
            case KvOps.Set: _writer.KvSet(index, entry); return ApplyResult.None;
            case KvOps.Delete: _writer.KvDelete(index, entry.Key); return ApplyResult.None;
            case KvOps.DeleteTree: _writer.KvDeleteTree(index, entry.Key); return ApplyResult.None;
            case KvOps.DeleteCas: return ApplyResult.Of(_writer.KvDeleteCas(index, entry.Key, entry.ModifyIndex));
            case KvOps.Cas: return ApplyResult.Of(_writer.KvCas(index, entry) is not null);
            case KvOps.Lock: return _writer.KvLock(index, entry, out var locked) is { } lockRefused ? ApplyResult.Error(lockRefused) : ApplyResult.Of(locked is not null);
            case KvOps.Unlock: return _writer.KvUnlock(index, entry, out var unlocked) is { } unlockRefused ? ApplyResult.Error(unlockRefused) : ApplyResult.Of(unlocked is not null);
            default: return ApplyResult.Error($"Invalid KVS operation '{request.Op}'");
        }
    }

    internal ApplyResult ApplySession(ulong index, SessionRequest request)
    {
        switch (request.Op)
        {
            case "create": return _writer.SessionCreate(index, request.Session) is { } refused ? ApplyResult.Error(refused) : ApplyResult.Of(request.Session.Id);
            case "destroy": return ErrorOrNone(_writer.SessionDestroy(index, request.Session.Id));
            default: return ApplyResult.Error($"Invalid Session operation '{request.Op}'");
        }
    }

    internal ApplyResult ApplyRegister(ulong index, RegisterRequest request)
    {
        var mark = _writer.Mark();
        var refused = _writer.Register(index, request);
        if (refused is not null) _writer.Restore(mark);
        return ErrorOrNone(refused);
    }

    internal ApplyResult ApplyDeregister(ulong index, DeregisterRequest request)
    {
        _writer.Deregister(index, request);
        return ApplyResult.None;
    }

    internal ApplyResult ApplyTxn(ulong index, TxnRequest request)
    {
        var mark = _writer.Mark();
        var response = _writer.Txn(index, request);
        if (response.Errors.Count > 0) _writer.Restore(mark);
        return ApplyResult.Of(response);
    }

    internal ApplyResult ApplyTombstone(TombstoneRequest request)
    {
        if (request.Op != "reap") return ApplyResult.Error($"Invalid Tombstone operation '{request.Op}'");
        _writer.ReapTombstones(request.ReapIndex);
        return ApplyResult.None;
    }

    internal ApplyResult ApplyCoordinates(ulong index, IReadOnlyList<CoordinateEntry> batch)
    {
        _writer.UpdateCoordinates(index, batch);
        return ApplyResult.None;
    }

    internal ApplyResult ApplyAutopilot(ulong index, (AutopilotConfig Config, bool Cas) request)
    {
        if (request.Cas) return ApplyResult.Of(_writer.AutopilotCas(index, request.Config));
        _writer.AutopilotSet(index, request.Config);
        return ApplyResult.None;
    }

    private static ApplyResult ErrorOrNone(string? refused) => refused is null ? ApplyResult.None : ApplyResult.Error(refused);
}
