using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Conclave.Gossip;
using Conclave.Hosting.Gossip;

namespace Conclave.Hosting;

/// <summary>
/// A member of a gossip pool inside this process: who is there, failure detection, events and queries, without a log and without HTTP. Speaks Serf's protocol, so that
/// Serf's agents are members like any other. Several may live in one process. Thread-safe. Dispose it to stop; without <see cref="LeaveAsync"/> before, others see a failure.
/// </summary>
public sealed class Membership : IAsyncDisposable
{
    /// <summary>Events that a reader of <see cref="WatchAsync"/> may lag behind, unless it asks for another number.</summary>
    public const int WatchCapacity = 1024;

    // Answers to one query: each member sends two, and relays repeat them.
    private const int AnswersMax = 16 * 1024;

    private readonly GossipRuntime _runtime;
    private readonly MembershipEvents _events;

    private Membership(GossipRuntime runtime, MembershipEvents events) => (_runtime, _events) = (runtime, events);

    /// <summary>This member.</summary>
    public GossipMember Self => _runtime.Self;

    /// <summary>All members that are known, ordinal by name: those that left or failed are listed until they are forgotten. A list that never changes; ask again for a newer one.</summary>
    public IReadOnlyList<GossipMember> Members => _runtime.Members;

    /// <summary>Where it listens, for packets and streams.</summary>
    public IPEndPoint LocalEndPoint => _runtime.LocalEndPoint;

    /// <summary>Numbers about the pool, about a second old at most.</summary>
    public GossipNumbers Numbers => _runtime.Numbers;

    /// <summary>Completes with the reason when the member had to stop by itself: another one has its name, or it found a contradiction in itself. Dispose it then.</summary>
    public Task<string> Failed => _runtime.Failed;

    /// <summary>Starts a member, alone unless a snapshot file remembers others.</summary>
    /// <exception cref="ArgumentException">The options are wrong; the message lists everything that is.</exception>
    /// <exception cref="IOException">The address is in use or not of this host, or a file cannot be used.</exception>
    /// <exception cref="GossipFormatException">The keyring file is none.</exception>
    public static async Task<Membership> StartAsync(MembershipOptions options, CancellationToken stop = default)
    {
        if (options.Validate() is { Count: > 0 } problems) throw new ArgumentException(string.Join(' ', problems), nameof(options));
        var events = new MembershipEvents();
        var runtime = await Task.Run(() => Start(options, events), stop).ConfigureAwait(false);
        await runtime.AskAsync(static pool => pool.MemberCount).ConfigureAwait(false);   // the first turn is over: nobody is told of our own coming
        return new Membership(runtime, events);
    }

    /// <summary>Joins the pools of others. Returns how many of the addresses answered, at least one.</summary>
    /// <param name="addresses"><c>host</c>, <c>host:port</c> or <c>name/host:port</c>; without a port this member's own is taken.</param>
    /// <param name="ignoreOldEvents">Whether user events from before the join are passed over.</param>
    /// <param name="stop">Stops waiting; the join may still happen.</param>
    /// <exception cref="MembershipException">Nobody answered; the message says why for each address.</exception>
    public async Task<int> JoinAsync(IEnumerable<string> addresses, bool ignoreOldEvents = false, CancellationToken stop = default)
    {
        var (targets, errors) = await JoinAddresses.ResolveAsync(addresses, LocalEndPoint.Port, stop).ConfigureAwait(false);
        if (targets.Count == 0) throw new MembershipException(errors.Length > 0 ? errors : "no addresses to join");
        var joined = await _runtime.OperateAsync((pool, request) => pool.Join(request, targets, ignoreOldEvents)).WaitAsync(stop).ConfigureAwait(false);
        return joined.Error is null ? joined.Joined : throw new MembershipException(errors + joined.Error.Trim());
    }

    /// <summary>Joins the pool of another member. See the other overload.</summary>
    /// <exception cref="MembershipException">It did not answer.</exception>
    public Task<int> JoinAsync(string address, CancellationToken stop = default) => JoinAsync([address], ignoreOldEvents: false, stop);

    /// <summary>Leaves gracefully. When this returns the others know; dispose the member then.</summary>
    /// <exception cref="MembershipException">The pool has ended.</exception>
    public async Task LeaveAsync(CancellationToken stop = default) => Require(await _runtime.OperateAsync(static (pool, request) => pool.Leave(request)).WaitAsync(stop).ConfigureAwait(false));

    /// <summary>Makes a failed member one that has left, so that nobody tries to reach it again. A member that is alive contradicts and stays.</summary>
    /// <param name="name">Whom.</param>
    /// <param name="prune">Whether everybody is to forget it at once.</param>
    /// <exception cref="MembershipException">Nobody has that name.</exception>
    public Task ForceLeaveAsync(string name, bool prune = false) => RequireAsync(pool => pool.TryForceLeave(name, prune, out string error) ? null : error);

    /// <summary>Replaces this member's tags.</summary>
    /// <exception cref="MembershipException">They are too long.</exception>
    public Task SetTagsAsync(IEnumerable<KeyValuePair<string, string>> tags)
    {
        var ordered = tags.OrderBy(static tag => tag.Key, StringComparer.Ordinal).ToList();
        return RequireAsync(pool => pool.TrySetTags(ordered, out string error) ? null : error);
    }

    /// <summary>Sends an event to all members, this one included. Delivered at most once to each, in no order.</summary>
    /// <param name="name">Name.</param>
    /// <param name="payload">Content; with the name at most 512 bytes.</param>
    /// <param name="mayCoalesce">Whether receivers may reduce several of one name to the last.</param>
    /// <exception cref="MembershipException">It is too long.</exception>
    public Task FireEventAsync(string name, ReadOnlyMemory<byte> payload, bool mayCoalesce = false) =>
        RequireAsync(pool => pool.TryFireEvent(name, payload.Span, mayCoalesce, out string error) ? null : error);

    /// <summary>Asks the members something. Gives acks and responses as they come and ends when the query's time is over.</summary>
    /// <exception cref="MembershipException">The query is refused.</exception>
    public async IAsyncEnumerable<GossipEvent> QueryAsync(GossipQuery query, [EnumeratorCancellation] CancellationToken stop = default)
    {
        var answers = _events.Expect(AnswersMax, out long number);
        try
        {
            await RequireAsync(pool => pool.TryStartQuery(number, query, out string error) ? null : error).ConfigureAwait(false);
            await foreach (var notice in answers.Notices.ReadAllAsync(stop).ConfigureAwait(false))
                if (notice.Event.Kind != GossipEventKind.QueryDone) yield return notice.Event;
        }
        finally
        {
            _events.Forget(number);
        }
    }

    /// <summary>Answers a query that arrived, once and before its time is over.</summary>
    /// <param name="query">The event of the query.</param>
    /// <param name="payload">The answer; at most 1,024 bytes with its framing.</param>
    /// <exception cref="MembershipException">Too late, too long, or answered already.</exception>
    public Task RespondAsync(GossipEvent query, ReadOnlyMemory<byte> payload) =>
        RequireAsync(pool => pool.TryRespond(query.Query, payload.Span, out string error) ? null : error);

    /// <summary>
    /// What happens from now on: members that come, go or change, user events, queries. Ends when the member is disposed, or by <paramref name="stop"/> with an
    /// <see cref="OperationCanceledException"/>. The pool does not wait for readers: one that lags more than <paramref name="capacity"/> behind is told how much it missed.
    /// </summary>
    public IAsyncEnumerable<MembershipNotice> WatchAsync(int capacity = WatchCapacity, CancellationToken stop = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return ReadAsync(_events.Subscribe(capacity), stop);          // from the call on, not from the first read on
    }

    /// <summary>Which keys the members have.</summary>
    /// <exception cref="MembershipException">Not all members answered, or one refused; the message says which.</exception>
    public Task<KeyReport> ListKeysAsync(byte relayFactor = 0, CancellationToken stop = default) => ManageKeysAsync(KeyOperation.List, "", relayFactor, stop);

    /// <summary>Gives all members another key (base64), with which they can decrypt from now on.</summary>
    /// <exception cref="MembershipException">Not all members answered, or one refused.</exception>
    public Task<KeyReport> InstallKeyAsync(string key, byte relayFactor = 0, CancellationToken stop = default) => ManageKeysAsync(KeyOperation.Install, key, relayFactor, stop);

    /// <summary>Makes all members encrypt with a key that they have.</summary>
    /// <exception cref="MembershipException">Not all members answered, or one refused.</exception>
    public Task<KeyReport> UseKeyAsync(string key, byte relayFactor = 0, CancellationToken stop = default) => ManageKeysAsync(KeyOperation.Use, key, relayFactor, stop);

    /// <summary>Takes a key from all members.</summary>
    /// <exception cref="MembershipException">Not all members answered, or one refused.</exception>
    public Task<KeyReport> RemoveKeyAsync(string key, byte relayFactor = 0, CancellationToken stop = default) => ManageKeysAsync(KeyOperation.Remove, key, relayFactor, stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _runtime.DisposeAsync().ConfigureAwait(false);
        _events.Close();
    }

    private static GossipRuntime Start(MembershipOptions options, MembershipEvents events)
    {
        var keys = GossipKeys.Load(options.KeyringPath, options.EncryptionKey, out _);
        return GossipRuntime.Start(new GossipRuntimeOptions
        {
            Config = options.ToConfig(),
            BindAddress = options.BindAddress,
            Port = options.Port,
            Keyring = keys,
            KeyringPath = options.KeyringPath,
            SnapshotPath = options.SnapshotPath,
            Listener = events,
            Loggers = options.LoggerFactory,
            Time = options.TimeProvider,
        });
    }

    private async IAsyncEnumerable<MembershipNotice> ReadAsync(MembershipEvents.Reader reader, [EnumeratorCancellation] CancellationToken stop)
    {
        try
        {
            await foreach (var notice in reader.Notices.ReadAllAsync(stop).ConfigureAwait(false)) yield return notice;
        }
        finally
        {
            _events.Unsubscribe(reader);
        }
    }

    private async Task<KeyReport> ManageKeysAsync(KeyOperation operation, string key, byte relayFactor, CancellationToken stop)
    {
        byte[] bytes = Convert.FromBase64String(key);
        var done = await _runtime.OperateAsync((pool, request) => pool.ManageKeys(request, operation, bytes, relayFactor)).WaitAsync(stop).ConfigureAwait(false);
        Require(done);
        return done.Keys ?? throw new MembershipException(string.Create(CultureInfo.InvariantCulture, $"no member answered about its keys ({operation})"));
    }

    private async Task RequireAsync(Func<GossipPool, string?> ask)
    {
        if (await _runtime.AskAsync(ask).ConfigureAwait(false) is { } error) throw new MembershipException(error);
    }

    private static void Require(in GossipCompletion completion)
    {
        if (completion.Error is { } error) throw new MembershipException(error);
    }
}
