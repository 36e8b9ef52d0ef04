namespace Conclave.Core.Model;

/// <summary>A session: the owner of locks.</summary>
public sealed record Session
{
    /// <summary>UUID, made by the leader.</summary>
    public string Id { get; init; } = "";

    /// <summary>Name for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>Node the session lives on.</summary>
    public string Node { get; init; } = "";

    /// <summary>Ids of node checks that must stay non-critical.</summary>
    public IReadOnlyList<string>? NodeChecks { get; init; }

    /// <summary>Service checks that must stay non-critical.</summary>
    public IReadOnlyList<SessionServiceCheck>? ServiceChecks { get; init; }

    /// <summary>Old form of <see cref="NodeChecks"/>, accepted in requests.</summary>
    public IReadOnlyList<string>? Checks { get; init; }

    /// <summary>How long a lock cannot be taken after this session was invalidated; nanoseconds, default 15 s, at most 60 s.</summary>
    public long LockDelayNanoseconds { get; init; }

    /// <summary>release (default) or delete.</summary>
    public string Behavior { get; init; } = "";

    /// <summary>Go duration text between 10 s and 24 h, or empty for none.</summary>
    public string Ttl { get; init; } = "";

    /// <summary>Raft index of creation.</summary>
    public ulong CreateIndex { get; init; }

    /// <summary>Raft index of the last change.</summary>
    public ulong ModifyIndex { get; init; }
}

/// <summary>A service check named by a session.</summary>
/// <param name="Id">Check id.</param>
/// <param name="Namespace">Namespace, empty here.</param>
public readonly record struct SessionServiceCheck(string Id, string Namespace);

/// <summary>Creates or destroys a session: command type 3, RPC <c>Session.Apply</c>.</summary>
public sealed class SessionRequest
{
    /// <summary>Target datacenter; empty for the local one.</summary>
    public string Datacenter { get; init; } = "";

    /// <summary>create or destroy.</summary>
    public required string Op { get; init; }

    /// <summary>The session; on destroy only <see cref="Session.Id"/> counts.</summary>
    public required Session Session { get; init; }

    /// <summary>ACL token of the caller; never logged.</summary>
    public string Token { get; init; } = "";
}
