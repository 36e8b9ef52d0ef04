using Conclave.Core;

namespace Conclave.Node.Forwarding;

/// <summary>
/// Decides, for one request, where it goes, when it is tried again and when it has failed. Without I/O: the host carries out the steps and reports how they ended.
/// A request that changes something is tried again only when it certainly was not carried out; one that may be repeated, always. Not thread-safe.
/// </summary>
/// <param name="limits">Times.</param>
/// <param name="isRepeatable">Carrying it out twice does no harm: reads, renewals.</param>
/// <param name="start">When the request came.</param>
/// <param name="random">Spreads the attempts of many requests.</param>
public sealed class Forwarder(ForwardLimits limits, bool isRepeatable, Instant start, Prng random)
{
    /// <summary>What stands before the reason why another server gave no answer. Refusals come back in that server's own words, so that a client reads the same wherever it asks.</summary>
    public const string ErrorPrefix = "rpc error making call: ";

    // What peers say when a request reached one that does not lead: it did not get as far as its log.
    private const string NotTheLeader = "node is not the leader";

    private readonly Instant _deadline = start + limits.HoldTime;
    private string _sentTo = "";

    // After a failed attempt the same server is left alone until then, while nobody else is known to lead.
    private string _failedAt = "";
    private Instant _pauseEnd = start;
    private Instant _giveUpAt = Instant.Never;

    /// <summary>The next step, given what is known of the leader.</summary>
    public ForwardDecision Next(ClusterStatus status, Instant now)
    {
        string target = status.IsLeader ? status.LeaderId : TargetOf(status);
        bool mayTry = target.Length > 0 && (target != _failedAt || now >= _pauseEnd);
        if (mayTry)
        {
            _sentTo = target;
            _giveUpAt = Instant.Never;
            return status.IsLeader ? ForwardDecision.Serve : ForwardDecision.Send(status.LeaderAddress);
        }
        if (now >= _deadline) return ForwardDecision.Fail(ErrorTexts.NoLeader);
        var until = target.Length > 0 && _pauseEnd < _deadline ? _pauseEnd : _deadline;
        return ForwardDecision.Wait(until);
    }

    /// <summary>An attempt ended without a result. Gives <see cref="ForwardStep.Fail"/>, or <see cref="ForwardStep.Wait"/> when <see cref="Next"/> knows how to go on.</summary>
    /// <param name="end">How.</param>
    /// <param name="text">The refusal, or what went wrong.</param>
    /// <param name="now">When.</param>
    public ForwardDecision OnEnded(ForwardEnd end, string text, Instant now)
    {
        bool wasCertainlyNotCarriedOut = end switch
        {
            ForwardEnd.NotSent => true,
            ForwardEnd.Refused => text is ErrorTexts.NoLeader or NotTheLeader,
            _ => false,
        };
        bool mayRepeat = wasCertainlyNotCarriedOut || (isRepeatable && (end == ForwardEnd.Lost || text is ErrorTexts.LeadershipLost or ErrorTexts.ShuttingDown));
        if (!mayRepeat) return ForwardDecision.Fail(end == ForwardEnd.Refused ? text : ErrorPrefix + text);
        if (now >= _deadline) return ForwardDecision.Fail(ErrorTexts.NoLeader);
        _failedAt = _sentTo;
        _pauseEnd = now + limits.PauseMin + random.NextTimeSpan(limits.PauseMax - limits.PauseMin);
        return ForwardDecision.Wait(_pauseEnd < _deadline ? _pauseEnd : _deadline);
    }

    /// <summary>
    /// While an attempt is under way at another server: when to give it up, or <see cref="Instant.Never"/>. Somebody else leads meanwhile means that the answer will hardly
    /// come, for the server asked may be cut off; it gets a moment to say so itself.
    /// </summary>
    public Instant GiveUpAt(ClusterStatus status, Instant now)
    {
        bool isReplaced = status.LeaderId.Length > 0 && status.LeaderId != _sentTo;
        if (!isReplaced) _giveUpAt = Instant.Never;
        else if (_giveUpAt == Instant.Never) _giveUpAt = isRepeatable ? now : now + limits.Grace;
        return _giveUpAt;
    }

    // A leader without an address cannot be asked; this node itself, not ready to lead yet, neither.
    private static string TargetOf(ClusterStatus status) => status.LeaderAddress.Length > 0 ? status.LeaderId : "";
}
