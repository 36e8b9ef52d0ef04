using System.Text;
using System.Threading.Channels;
using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Http.Blocking;
using Conclave.Http.Requests;
using Microsoft.AspNetCore.Http.Features;

namespace Conclave.Http.Endpoints.Agent;

/// <summary><c>/v1/agent/monitor</c>: log lines as they are written, each flushed at once, until the client leaves.</summary>
internal sealed class AgentMonitorEndpoint(IAgentControl control)
{
    private const int LinesWaitingMax = 512;

    public ValueTask Get(ApiRequest request)
    {
        string text = request.Text(Param.LogLevel);
        if (!LogConfig.TryParseLevel(text.Length > 0 ? text : "INFO", out var level)) return request.SendTextAsync(400, "Bad request: Unknown log level: " + text);
        return StreamAsync(request, level);
    }

    private async ValueTask StreamAsync(ApiRequest request, LogLevels level)
    {
        var body = request.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        request.ResponseHeaders.ContentType = "text/plain; charset=utf-8";
        body.DisableBuffering();
        var sink = new Sink();
        using var subscription = control.SubscribeLog(level, sink);
        await body.StartAsync().ConfigureAwait(false);
        await body.Writer.FlushAsync().ConfigureAwait(false);
        var watch = WatchEndAsync(request, sink);
        await foreach (string line in sink.Lines.ReadAllAsync().ConfigureAwait(false))
        {
            Encoding.UTF8.GetBytes(line + "\n", body.Writer);
            var flush = await body.Writer.FlushAsync().ConfigureAwait(false);
            if (flush.IsCompleted) break;
        }
        await watch.ConfigureAwait(false);
    }

    /// <summary>Ends the stream when the client leaves or the server stops; waits have a longest time, streams have not.</summary>
    private static async Task WatchEndAsync(ApiRequest request, Sink sink)
    {
        WaitEnd end;
        do end = await request.Server.Waits.Start(request, TimeSpan.MaxValue).WaitAsync().ConfigureAwait(false);
        while (end == WaitEnd.Deadline);
        sink.End();
    }

    /// <summary>A slow reader loses the oldest lines rather than holding up whoever logs.</summary>
    private sealed class Sink : IAgentLogSink
    {
        private readonly Channel<string> _lines =
            Channel.CreateBounded<string>(new BoundedChannelOptions(LinesWaitingMax) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        public ChannelReader<string> Lines => _lines.Reader;

        public void End() => _lines.Writer.TryComplete();

        public void OnLine(string line) => _lines.Writer.TryWrite(line);
    }
}
