using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Conclave.Load.Server;

/// <summary>The least that ASP.NET Core can do with default settings: a fixed answer of a key's size, and a request that waits for its client to leave.</summary>
internal static class BareEndpoint
{
    public static async Task<int> RunAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        // As long as the JSON of one key with a value of 128 bytes.
        var body = new byte[300];
        body.AsSpan().Fill((byte)'x');
        app.Run(context => context.Request.Path.Value == "/pending" ? PendAsync(context) : AnswerAsync(context, body));
        await app.RunAsync();
        return 0;
    }

    private static async Task AnswerAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body);
    }

    private static async Task PendAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(static state => ((TaskCompletionSource)state!).SetResult(), gone);
        await gone.Task;
    }
}
