using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Sessions and their ends.</summary>
internal sealed partial class StateWriter
{
    /// <summary>Longest lock delay that counts: 60 s.</summary>
    internal const long LockDelayMax = 60_000_000_000;

    private const string Release = "release", Delete = "delete";

    public string? SessionCreate(ulong index, Session request)
    {
        if (request.Id.Length == 0) return "Missing session ID";
        if (request.Behavior is not ("" or Release or Delete)) return "Invalid session behavior: " + request.Behavior;
        if (!Uuids.TrySessionKey(request.Id, stackalloc byte[Uuids.SessionKeyMax], out _, out var problem)) return "failed inserting session: " + problem;
        var session = request with { Behavior = request.Behavior.Length == 0 ? Release : request.Behavior, CreateIndex = index, ModifyIndex = index };
        if (_nodes.Get(Keys.Of(stackalloc byte[Keys.Scratch], session.Node)) is null) return MissingNode;
        if (CheckProblem(session) is { } refused) return refused;
        PutSession(session);
        SetIndex(IndexName.Sessions, index);
        Effects.Created(session);
        return null;
    }

    /// <summary>Ends a session: releases or deletes its keys, drops its links to checks and its prepared queries. An unknown one is no error.</summary>
    public string? SessionDestroy(ulong index, string id)
    {
        Span<byte> key = stackalloc byte[Uuids.SessionKeyMax];
        if (!Uuids.TrySessionKey(id, key, out var length, out var problem)) return "failed session lookup: " + problem;
        if (_sessions.Get(key[..length]) is { } session) EndSession(index, session, key[..length]);
        return null;
    }

    /// <summary>Puts a restored session back with its own indexes.</summary>
    public string? RestoreSession(Session session)
    {
        if (!Uuids.TrySessionKey(session.Id, stackalloc byte[Uuids.SessionKeyMax], out _, out var problem)) return $"session {GoQuote.Quote(session.Id)}: {problem}";
        if (session.Behavior is not ("" or Release or Delete)) return $"session {session.Id}: unknown behavior {GoQuote.Quote(session.Behavior)}";
        PutSession(session);
        SetIndex(IndexName.Sessions, session.ModifyIndex);
        return null;
    }

    private void EndSession(ulong index, Session session, ReadOnlySpan<byte> sessionKey)
    {
        _sessions.Remove(sessionKey);
        _digest -= RowHash.Of(session);
        _sessionsByNode.Remove(Keys.Join(Keys.Make(session.Node), sessionKey));
        SetIndex(IndexName.Sessions, index);

        var held = new List<KvEntry>();
        _kvBySession.CollectInto(sessionKey, held);
        var keys = new byte[held.Count][];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = held[i].Key;
            if (session.Behavior == Delete) KvDelete(index, held[i].Key);
            else Store(index, held[i], held[i], "", held[i].LockIndex);
        }
        foreach (var check in CheckIdsOf(session)) _sessionsByCheck.Remove(Keys.Join(Keys.Make(session.Node, check), sessionKey));
        DropQueriesOf(index, session.Id);
        Effects.Ended(new SessionEnded(session, keys));
    }

    private void PutSession(Session session)
    {
        Span<byte> scratch = stackalloc byte[Uuids.SessionKeyMax];
        Uuids.TrySessionKey(session.Id, scratch, out var length, out _);
        var key = scratch[..length].ToArray();
        if (_sessions.Put(key, session) is { } earlier)
        {
            // Ids are fresh, so this only happens when a log is replayed by hand; links of the earlier form must not stay.
            _digest -= RowHash.Of(earlier);
            _sessionsByNode.Remove(Keys.Join(Keys.Make(earlier.Node), key));
            foreach (var check in CheckIdsOf(earlier)) _sessionsByCheck.Remove(Keys.Join(Keys.Make(earlier.Node, check), key));
        }
        _digest += RowHash.Of(session);
        _sessionsByNode.Put(Keys.Join(Keys.Make(session.Node), key), session);
        foreach (var check in CheckIdsOf(session)) _sessionsByCheck.Put(Keys.Join(Keys.Make(session.Node, check), key), session);
    }

    /// <summary>Every check a session is bound to must exist and not be critical.</summary>
    private string? CheckProblem(Session session)
    {
        Span<byte> scratch = stackalloc byte[Keys.Scratch];
        foreach (var id in CheckIdsOf(session))
        {
            var check = _checks.Get(Keys.Of(scratch, session.Node, id));
            if (check is null) return $"Missing check '{id}' registration";
            if (check.Status == HealthStatus.Critical) return $"Check '{id}' is in critical state";
        }
        return null;
    }

    private void EndSessionsOfCheck(ulong index, HealthCheck check) => EndSessions(index, _sessionsByCheck, Keys.Of(stackalloc byte[Keys.Scratch], check.Node, check.CheckId));

    private void EndSessionsOfNode(ulong index, string node) => EndSessions(index, _sessionsByNode, Keys.Of(stackalloc byte[Keys.Scratch], node));

    private void EndSessions(ulong index, TreeEdit<Session> links, ReadOnlySpan<byte> prefix)
    {
        if (!links.HasAny(prefix)) return;
        var sessions = new List<Session>();
        links.CollectInto(prefix, sessions);
        Span<byte> key = stackalloc byte[Uuids.SessionKeyMax];
        foreach (var session in sessions)
        {
            Uuids.TrySessionKey(session.Id, key, out var length, out _);
            EndSession(index, session, key[..length]);
        }
    }

    private static IEnumerable<string> CheckIdsOf(Session session)
    {
        foreach (var id in session.Checks ?? []) yield return id;
        foreach (var id in session.NodeChecks ?? []) yield return id;
        foreach (var check in session.ServiceChecks ?? []) yield return check.Id;
    }
}
