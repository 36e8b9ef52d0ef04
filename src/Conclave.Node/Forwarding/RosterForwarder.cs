using Conclave.Core;

namespace Conclave.Node.Forwarding;

/// <summary>
/// Decides, for one request of an agent without a state of its own, which server is asked, when it is asked again and when the request has failed. Without I/O: the host
/// carries out the steps and reports how they ended. Each server is tried once, at once; then a moment passes. A request that changes something is tried again only when it
/// certainly was not carried out. Not thread-safe.
/// </summary>
/// <param name="limits">Times.</param>
/// <param name="isRepeatable">Carrying it out twice does no harm: reads, renewals.</param>
/// <param name="start">When the request came.</param>
/// <param name="random">Spreads the attempts of many requests.</param>
public sealed class RosterForwarder(ForwardLimits limits, bool isRepeatable, Instant start, Prng random)
{
    /// <summary>What an agent says that has not met a server yet.</summary>
    public const string NoServers = "No known Consul servers";

    private const string NotConnected = "rpc error getting client: failed to get conn: ";

    // What servers say when the request did not get as far as a log.
    private const string NotTheLeader = "node is not the leader";

    // A pause is up to this part of the hold time, as peers have it.
    private const int PauseFraction = 16;

    private readonly Instant _deadline = start + limits.HoldTime;
    private readonly List<string> _tried = [];
    private string _lastError = NoServers;
    private Instant _pauseEnd = start;
    private bool _isPausedForAll;
    private Instant _giveUpAt = Instant.Never;

    /// <summary>The server of the last attempt; empty before the first.</summary>
    public string SentTo { get; private set; } = "";

    /// <summary>The next step, given who is there.</summary>
    public ForwardDecision Next(ServerRoster roster, Instant now)
    {
        if (now >= _pauseEnd && roster.Servers.Count > 0 && AreAllTried(roster)) _tried.Clear();
        if (now >= _pauseEnd || !_isPausedForAll)
            foreach (string server in roster.Servers)
                if (!_tried.Contains(server))
                {
                    SentTo = server;
                    _giveUpAt = Instant.Never;
                    return ForwardDecision.Send(server);
                }
        if (!roster.HasKnownAny) return ForwardDecision.Fail(NoServers);
        if (now >= _deadline) return ForwardDecision.Fail(_lastError);
        var until = roster.Servers.Count > 0 && _pauseEnd < _deadline ? _pauseEnd : _deadline;
        return ForwardDecision.Wait(until);
    }

    /// <summary>An attempt ended without a result. Gives <see cref="ForwardStep.Fail"/>, or <see cref="ForwardStep.Wait"/> when <see cref="Next"/> knows how to go on.</summary>
    /// <param name="end">How.</param>
    /// <param name="text">The refusal, or what went wrong.</param>
    /// <param name="now">When.</param>
    public ForwardDecision OnEnded(ForwardEnd end, string text, Instant now)
    {
        _lastError = end switch
        {
            ForwardEnd.NotSent => NotConnected + text,
            ForwardEnd.Lost => Forwarder.ErrorPrefix + text,
            _ => text,
        };
        bool hasNoLeader = end == ForwardEnd.Refused && text is ErrorTexts.NoLeader or NotTheLeader;
        bool isUnsent = end == ForwardEnd.NotSent;
        bool mayRepeat = isUnsent || hasNoLeader || (isRepeatable && (end == ForwardEnd.Lost || text is ErrorTexts.LeadershipLost or ErrorTexts.ShuttingDown));
        if (!mayRepeat || now >= _deadline) return ForwardDecision.Fail(_lastError);
        _tried.Add(SentTo);
        // Where there is no leader, the next server knows none either: everybody waits.
        _isPausedForAll = hasNoLeader;
        var pause = limits.HoldTime / PauseFraction;
        _pauseEnd = now + limits.PauseMin + random.NextTimeSpan(pause);
        return ForwardDecision.Wait(_pauseEnd < _deadline ? _pauseEnd : _deadline);
    }

    /// <summary>Whether an attempt under way at a server that is not there any more is given up, and when; <see cref="Instant.Never"/> while it is there.</summary>
    public Instant GiveUpAt(ServerRoster roster, Instant now)
    {
        if (Contains(roster.Servers, SentTo)) return _giveUpAt = Instant.Never;
        if (_giveUpAt == Instant.Never) _giveUpAt = isRepeatable ? now : now + limits.Grace;
        return _giveUpAt;
    }

    private bool AreAllTried(ServerRoster roster)
    {
        foreach (string server in roster.Servers)
            if (!_tried.Contains(server)) return false;
        return true;
    }

    private static bool Contains(IReadOnlyList<string> servers, string server)
    {
        for (int i = 0; i < servers.Count; i++)
            if (servers[i] == server) return true;
        return false;
    }
}
