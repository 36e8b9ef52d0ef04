using System.Net;
using Conclave.Load.Net;

namespace Conclave.Load.Scenarios;

/// <summary>Keeps agents and their gossip busy: TTL checks with heartbeats and flaps, and events.</summary>
internal sealed class GossipNoise : IAsyncDisposable
{
    private const int ServicesPerAgent = 20;

    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _makers;
    private int _count;

    private GossipNoise(IReadOnlyList<IPEndPoint> agents) => _makers = Task.WhenAll(agents.Select((agent, number) => Task.Run(() => MakeAsync(agent, number))));

    /// <summary>Heartbeats, flaps and events so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Registers services at all of these and begins.</summary>
    public static async Task<GossipNoise> StartAsync(IReadOnlyList<IPEndPoint> agents)
    {
        for (var number = 0; number < agents.Count; number++)
        {
            using var connection = await Connection.OpenAsync(agents[number]);
            for (var i = 0; i < ServicesPerAgent; i++)
            {
                var body = $$$"""{"Name":"noise-{{{number}}}-{{{i}}}","Port":80,"Check":{"CheckID":"noise-{{{number}}}-{{{i}}}","TTL":"15s","Status":"passing"}}""";
                (await connection.AskAsync(Request.Of("PUT", "/v1/agent/service/register", body))).MustBe(200);
            }
        }
        return new GossipNoise(agents);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _makers;
        _stop.Dispose();
    }

    private async Task MakeAsync(IPEndPoint agent, int number)
    {
        using var connection = await Connection.OpenAsync(agent);
        for (var beat = 0; !_stop.IsCancellationRequested; beat++)
        {
            for (var i = 0; i < ServicesPerAgent; i++)
            {
                // One of them turns over with every beat.
                var verb = i == beat % ServicesPerAgent && beat / ServicesPerAgent % 2 == 0 ? "fail" : "pass";
                (await connection.AskAsync(Request.Of("PUT", $"/v1/agent/check/{verb}/noise-{number}-{i}", ""))).MustBe(200);
                Interlocked.Increment(ref _count);
            }
            (await connection.AskAsync(Request.Of("PUT", $"/v1/event/fire/noise-{number}", "beat"))).MustBe(200);
            Interlocked.Increment(ref _count);
            await Task.Delay(s_beat);
        }
    }
}
