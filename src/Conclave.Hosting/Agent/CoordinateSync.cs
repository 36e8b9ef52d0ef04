using Conclave.Agent.Pools;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Agent;

/// <summary>
/// Tells the catalog now and then where this agent stands among the others, so that servers can sort by distance and <c>rtt</c> has numbers.
/// </summary>
/// <remarks>A coordinate is an estimate that the next one replaces: whatever goes wrong is put right by the next round, and one that has not moved is not sent again.</remarks>
internal sealed class CoordinateSync : IAsyncDisposable
{
    // All agents of a datacenter together send so many per second at most, each at most every 15 seconds.
    private const int DatacenterRatePerSecond = 64;
    private static readonly TimeSpan IntervalMin = TimeSpan.FromSeconds(15);

    // A new node should not be without a coordinate for half a minute, so its first one comes early.
    private const int FirstRoundDivisor = 10;

    private readonly INodeGateway _gateway;
    private readonly string _nodeName;
    private readonly IAgentPools _pools;
    private readonly Prng _random;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<AgentMember> _members = [];
    private readonly Task _running;
    private Coordinate? _sent;

    /// <summary>Starts.</summary>
    /// <param name="gateway">The way to the catalog.</param>
    /// <param name="nodeName">Name of this agent's node.</param>
    /// <param name="pools">Where the coordinate comes from.</param>
    /// <param name="random">Spreads the agents' rounds in time; owned from now on.</param>
    /// <param name="clock">Time.</param>
    /// <param name="logger">For failures.</param>
    public CoordinateSync(INodeGateway gateway, string nodeName, IAgentPools pools, Prng random, TimeProvider clock, ILogger logger)
    {
        (_gateway, _nodeName, _pools, _random, _logger) = (gateway, nodeName, pools, random, logger);
        _running = RunAsync(clock);
    }

    /// <summary>How often an agent of so many sends, before chance is added.</summary>
    public static TimeSpan Interval(int memberCount)
    {
        var scaled = TimeSpan.FromSeconds((double)memberCount / DatacenterRatePerSecond);
        return scaled > IntervalMin ? scaled : IntervalMin;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Sends the coordinate unless it stands where it stood. Returns why the catalog could not be told, or null.</summary>
    internal async Task<string?> SendAsync()
    {
        var current = _pools.LanCoordinate;
        if (_sent is not null && IsSame(_sent, current)) return null;
        var result = await _gateway.ApplyAsync(CommandCodec.Encode([new CoordinateEntry(_nodeName, "", current)]), _stopping.Token).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error) return result.Text;
        _sent = current;
        return null;
    }

    private async Task RunAsync(TimeProvider clock)
    {
        int divisor = FirstRoundDivisor;
        while (!_stopping.IsCancellationRequested)
            try
            {
                await Task.Delay(Pause() / divisor, clock, _stopping.Token).ConfigureAwait(false);
                divisor = 1;
                if (await SendAsync().ConfigureAwait(false) is { } error) AgentLogMessages.CoordinateNotSent(_logger, error);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception failure) when (failure is not InvariantBrokenException)
            {
                AgentLogMessages.CoordinateNotSent(_logger, failure.Message);
            }
    }

    private TimeSpan Pause()
    {
        _members.Clear();
        _pools.ListMembers(wan: false, _members);
        var interval = Interval(_members.Count);
        return interval + _random.NextTimeSpan(interval);
    }

    private static bool IsSame(Coordinate a, Coordinate b) =>
        a.Error.Equals(b.Error) && a.Adjustment.Equals(b.Adjustment) && a.Height.Equals(b.Height) && a.Vec.AsSpan().SequenceEqual(b.Vec);
}
