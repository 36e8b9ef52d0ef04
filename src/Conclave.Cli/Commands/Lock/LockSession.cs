using System.Text;
using Conclave.Cli.Client;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Lock;

/// <summary>The session behind a lock: made with a TTL, renewed at half of it, destroyed at the end.</summary>
internal sealed class LockSession(AgentClient client, string name) : IAsyncDisposable
{
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(7.5);

    private readonly CancellationTokenSource _end = new();
    private Task _renewal = Task.CompletedTask;

    /// <summary>Id of the session; empty before the start.</summary>
    public string Id { get; private set; } = "";

    /// <exception cref="ApiException">It cannot be made.</exception>
    public async Task StartAsync(CancellationToken stop)
    {
        try
        {
            var body = Encoding.UTF8.GetBytes($"{{\"Name\":{GoJson.Quote(name)},\"TTL\":\"15s\"}}");
            using var json = (await client.PutAsync("/v1/session/create", null, body, stop).ConfigureAwait(false)).Json();
            Id = json.RootElement.Text("ID");
        }
        catch (ApiException error)
        {
            throw new ApiException($"failed to create session: {error.Message}", error.Status, error.Body);
        }
        _renewal = RenewAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _renewal.ConfigureAwait(false);
        _end.Dispose();
        if (Id.Length > 0) await TryAsync(client.SendAsync(HttpMethod.Put, "/v1/session/destroy/" + Id, null, null, CancellationToken.None)).ConfigureAwait(false);
    }

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(RenewInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token).ConfigureAwait(false))
                await TryAsync(client.SendAsync(HttpMethod.Put, "/v1/session/renew/" + Id, null, null, _end.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The end of the lock.
            return;
        }
    }

    /// <summary>A lost renewal or destruction is the session's TTL's business.</summary>
    private static async Task<bool> TryAsync(Task<ApiAnswer> request)
    {
        try
        {
            return (await request.ConfigureAwait(false)).Status == 200;
        }
        catch (ApiException)
        {
            return false;
        }
    }
}
