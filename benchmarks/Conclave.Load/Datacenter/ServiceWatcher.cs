using System.Net;
using System.Net.Sockets;
using Conclave.Load.Net;

namespace Conclave.Load.Datacenter;

/// <summary>Asks for the health of a service again and again, waiting for the next change, as templates and proxies do.</summary>
internal sealed class ServiceWatcher(IPEndPoint agent, string service)
{
    private Connection? _connection;
    private Task _watching = Task.CompletedTask;
    private int _wakes;

    public string Service => service;

    /// <summary>Answers with a new index so far.</summary>
    public int Wakes => Volatile.Read(ref _wakes);

    public async Task StartAsync(CancellationToken stop)
    {
        _connection = await Connection.OpenAsync(agent);
        string target = $"/v1/health/service/{service}";
        ulong index = (await _connection.AskAsync(Request.Get(target))).Index;
        _watching = WatchAsync(target, index, stop);
    }

    public async Task EndAsync()
    {
        _connection?.Vanish();
        await _watching;
    }

    private async Task WatchAsync(string target, ulong index, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var answer = await _connection!.AskAsync(Request.Get($"{target}?index={index}&wait=5m"));
                answer.MustBe(200);
                if (answer.Index != index) Interlocked.Increment(ref _wakes);
                index = answer.Index;
            }
        }
        catch (Exception gone) when (stop.IsCancellationRequested && gone is IOException or SocketException or ObjectDisposedException)
        {
            // Whoever ended the watch took the connection away.
        }
    }
}
