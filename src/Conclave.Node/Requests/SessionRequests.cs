using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Node.Requests;

/// <summary>What must hold of a session request before it may be logged, and what the leader fills in.</summary>
public static class SessionRequests
{
    /// <summary>The operations.</summary>
    public const string Create = "create", Destroy = "destroy";

    /// <summary>What happens to the keys of an ended session.</summary>
    public const string Release = "release", Delete = "delete";

    /// <summary>Longest TTL.</summary>
    public static readonly TimeSpan TtlMax = TimeSpan.FromHours(24);

    /// <summary>
    /// Null when <paramref name="request"/> may be proposed, else Consul's text. <paramref name="prepared"/> carries an id from <paramref name="random"/>
    /// (an id in the request is not used) and the default behaviour.
    /// </summary>
    public static string? Prepare(SessionRequest request, TimeSpan ttlMin, Prng random, out SessionRequest prepared)
    {
        prepared = request;
        switch (request.Op)
        {
            case Destroy:
                return request.Session.Id.Length == 0 ? "Must provide ID" : null;
            case Create:
                break;
            default:
                return $"Invalid session operation '{request.Op}'";
        }

        var session = request.Session;
        if (session.Node.Length == 0) return "Must provide Node";
        if (session.Behavior is not ("" or Release or Delete)) return $"Invalid Behavior setting '{session.Behavior}'";
        if (RefuseTtl(session.Ttl, ttlMin) is { } refusal) return refusal;

        prepared = new SessionRequest
        {
            Datacenter = request.Datacenter,
            Op = request.Op,
            Session = session with { Id = random.NextUuid(), Behavior = session.Behavior.Length == 0 ? Release : session.Behavior },
        };
        return null;
    }

    private static string? RefuseTtl(string ttl, TimeSpan ttlMin)
    {
        if (ttl.Length == 0) return null;
        if (!GoDuration.TryParse(ttl, out var duration, out string error)) return $"Session TTL '{ttl}' invalid: {error}";
        GoDuration min = GoDuration.From(ttlMin), max = GoDuration.From(TtlMax);
        if (duration == GoDuration.Zero || (duration.CompareTo(min) >= 0 && duration.CompareTo(max) <= 0)) return null;
        return $"Invalid Session TTL '{duration.Nanoseconds}', must be between [{min}={max}]";
    }
}
