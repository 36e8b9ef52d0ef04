using System.Net;
using System.Text;

namespace Conclave.Cli.Tests;

/// <summary>An HTTP server that gives prepared answers and keeps what it was asked.</summary>
internal sealed class CannedAgent : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<string, (int Status, string Body)> _answer;
    private readonly List<string> _asked = [];
    private readonly Task _running;

    /// <param name="answer">Gives status and body for a request as <see cref="Asked"/> shows it.</param>
    public CannedAgent(Func<string, (int Status, string Body)> answer)
    {
        _answer = answer;
        Address = $"127.0.0.1:{Conclave.Tests.FreePorts.Take(1)[0]}";
        _listener.Prefixes.Add($"http://{Address}/");
        _listener.Start();
        _running = RunAsync();
    }

    public string Address { get; }

    /// <summary>Method, path with query and body of each request.</summary>
    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (_asked) return [.. _asked];
        }
    }

    public void Dispose()
    {
        _listener.Close();
        _running.Wait(TimeSpan.FromSeconds(10));
    }

    private async Task RunAsync()
    {
        while (_listener.IsListening)
            try
            {
                var context = await _listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream);
                string asked = $"{context.Request.HttpMethod} {context.Request.RawUrl} {await reader.ReadToEndAsync()}".TrimEnd();
                lock (_asked) _asked.Add(asked);
                var (status, body) = _answer(asked);
                context.Response.StatusCode = status;
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
                context.Response.Close();
            }
            catch (Exception end) when (end is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
    }
}
