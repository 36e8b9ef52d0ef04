using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Node.Requests;

namespace Conclave.Hosting;

/// <summary>What happens to the keys of a session that ends.</summary>
public enum SessionBehavior
{
    /// <summary>Their locks are released.</summary>
    Release,
    /// <summary>They are deleted.</summary>
    Delete,
}

/// <summary>A session to create.</summary>
public sealed record SessionOptions
{
    /// <summary>Name for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>Node the session lives on; empty means the own one.</summary>
    public string Node { get; init; } = "";

    /// <summary>How long the session lives at least without being renewed: between 10 s (unless configured otherwise) and 24 h; null means without end.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>How long the keys of the session cannot be locked after it was invalidated: up to 60 s; default 15 s.</summary>
    public TimeSpan LockDelay { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What happens to its keys.</summary>
    public SessionBehavior Behavior { get; init; }

    /// <summary>Checks of the node that must not be critical; the session ends when one becomes so. Default <c>serfHealth</c>: the node is alive.</summary>
    public IReadOnlyList<string> NodeChecks { get; init; } = ["serfHealth"];
}

/// <summary>Sessions of the cluster, in process. Thread-safe. A session is what holds locks; see <see cref="KvClient.AcquireAsync"/>.</summary>
/// <remarks>All calls throw <see cref="NodeUnavailableException"/> when no leader can be reached in time, and <see cref="ConclaveRequestException"/> when the cluster refuses.</remarks>
public sealed class SessionClient
{
    private readonly INodeGateway _gateway;

    internal SessionClient(INodeGateway gateway) => _gateway = gateway;

    /// <summary>Creates a session and gives its id.</summary>
    public async ValueTask<string> CreateAsync(SessionOptions? options = null, CancellationToken stop = default)
    {
        options ??= new SessionOptions();
        var session = new Session
        {
            Name = options.Name,
            Node = options.Node.Length == 0 ? _gateway.Identity.NodeName : options.Node,
            Ttl = options.Ttl is { } ttl ? GoDuration.From(ttl).ToString() : "",
            LockDelayNanoseconds = GoDuration.From(options.LockDelay).Nanoseconds,
            Behavior = options.Behavior == SessionBehavior.Delete ? SessionRequests.Delete : SessionRequests.Release,
            NodeChecks = options.NodeChecks,
        };
        var result = await _gateway.RunAsync(Encode(SessionRequests.Create, session), stop).ConfigureAwait(false);
        return result.Text;
    }

    /// <summary>Restarts the TTL of a session; null when it does not exist (any more).</summary>
    public ValueTask<Session?> RenewAsync(string id, CancellationToken stop = default) => _gateway.RenewSessionAsync(id, stop);

    /// <summary>Ends a session; one that does not exist is fine.</summary>
    public async ValueTask DestroyAsync(string id, CancellationToken stop = default) =>
        await _gateway.RunAsync(Encode(SessionRequests.Destroy, new Session { Id = id }), stop).ConfigureAwait(false);

    /// <summary>Reads a session; null when it does not exist.</summary>
    public async ValueTask<Session?> GetAsync(string id, ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var root = await _gateway.RootAsync(mode, stop).ConfigureAwait(false);
        root.SessionGet(id, null, out var session);
        return session;
    }

    /// <summary>Lists all sessions.</summary>
    public async ValueTask<IReadOnlyList<Session>> ListAsync(ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var root = await _gateway.RootAsync(mode, stop).ConfigureAwait(false);
        var sessions = new List<Session>();
        root.SessionList(null, sessions);
        return sessions;
    }

    private byte[] Encode(string op, Session session) => CommandCodec.Encode(new SessionRequest { Datacenter = _gateway.Identity.Datacenter, Op = op, Session = session });
}
