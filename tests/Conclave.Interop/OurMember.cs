using Conclave.Gossip;
using Conclave.Hosting;

namespace Conclave.Interop;

/// <summary>A member of ours in process that remembers what happened.</summary>
internal sealed class OurMember : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<GossipEvent> _seen = [];                      // guarded by itself
    private readonly Task _watching;
    private bool _isDisposed;

    private OurMember(Membership membership)
    {
        Membership = membership;
        var notices = membership.WatchAsync(stop: _stop.Token);
        _watching = WatchAsync(notices);
    }

    public Membership Membership { get; }

    public string Name => Membership.Self.Name;

    public string Address => Membership.LocalEndPoint.ToString();

    public static async Task<OurMember> StartAsync(string name, Action<MembershipOptions>? change = null)
    {
        var options = new MembershipOptions { Name = name, Port = 0, Profile = MembershipProfile.Local };
        change?.Invoke(options);
        return new OurMember(await Membership.StartAsync(options, TestContext.Current.CancellationToken));
    }

    /// <summary>Everything that happened so far.</summary>
    public GossipEvent[] Seen()
    {
        lock (_seen) return [.. _seen];
    }

    /// <summary>What happened to one member, in order.</summary>
    public GossipEventKind[] SeenOf(string member) => Seen().Where(happened => happened.Member?.Name == member).Select(static happened => happened.Kind).ToArray();

    /// <summary>User events, in order, as <c>NAME PAYLOAD</c>.</summary>
    public string[] Events() => Seen().Where(static happened => happened.Kind == GossipEventKind.User).Select(static happened => $"{happened.Name} {System.Text.Encoding.UTF8.GetString(happened.Payload.Span)}").ToArray();

    /// <summary>Status of a member here.</summary>
    public MemberStatus StatusOf(string member) => Membership.Members.FirstOrDefault(known => known.Name == member)?.Status ?? MemberStatus.None;

    /// <summary>Waits until a member has a status here.</summary>
    public Task SeesAsync(string member, MemberStatus status) => Eventually.Become(() => StatusOf(member), seen => seen == status, $"{Name} sees {member} {status}");

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await Membership.DisposeAsync();
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(IAsyncEnumerable<MembershipNotice> notices)
    {
        try
        {
            await foreach (var notice in notices)
            {
                lock (_seen) _seen.Add(notice.Event);
                if (notice.Event.Kind == GossipEventKind.Query) await AnswerAsync(notice.Event);
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the test.
        }
    }

    private async Task AnswerAsync(GossipEvent query)
    {
        if (query.Name == "who") await Membership.RespondAsync(query, System.Text.Encoding.UTF8.GetBytes(Name));
    }
}
