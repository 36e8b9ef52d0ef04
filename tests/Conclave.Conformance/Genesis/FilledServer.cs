using System.Text.Json.Nodes;
using Conclave.Conformance.Player;
using Conclave.Conformance.Server;

namespace Conclave.Conformance.Genesis;

/// <summary>A server with ten registrations, among them an external node without tagged addresses, and something behind every other read.</summary>
public sealed class FilledServer : ConformanceServer
{
    internal override JsonObject Configuration => [];

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        if (Refusal is not null) return;
        for (var i = 0; i < 8; i++)
            await MustAsync(RawRequest.Put("/v1/agent/service/register", $$"""
                {"Name":"web","Id":"web-{{i}}","Address":"10.0.0.{{i}}","Port":8080,"Check":{"TTL":"60s"},"Checks":[],"Tags":["blue","v1"],"Meta":{"zone":"a"} }
                """));
        await MustAsync(RawRequest.Put("/v1/agent/check/pass/service:web-1"));
        await MustAsync(RawRequest.Put("/v1/agent/check/register", """{"Name":"memory","TTL":"30s","Output":"x","ServiceTags":["a"]}"""));
        await MustAsync(RawRequest.Put("/v1/catalog/register", """
            {"Datacenter":"dc1","Node":"outside","Address":"192.0.2.7","Service":{"ID":"billing-1","Service":"billing","Port":443},
             "Check":{"Node":"outside","CheckID":"ping","Name":"ping","Status":"passing","ServiceID":"billing-1"},"WriteRequest":{"Token":""}}
            """));
        await MustAsync(RawRequest.Put("/v1/catalog/register", """{"Node":"bare","Address":"192.0.2.8","TaggedAddresses":null,"WriteRequest":{}}"""));
        await MustAsync(RawRequest.Put("/v1/kv/app%2Fone?flags=18446744073709551615", "1"));
        await MustAsync(RawRequest.Put("/v1/kv/app%2Fempty"));
        await MustAsync(RawRequest.Put("/v1/session/create", """{"Name":"app","LockDelay":"1500ms","TTL":"60s"}"""));
        await MustAsync(RawRequest.Put("/v1/event/fire/deploy?service=web", "payload"));
        await UntilRegisteredAsync();
    }

    private async Task MustAsync(RawRequest request)
    {
        var answer = await Client.SendAsync(request);
        if (answer.Status != 200) throw new InvalidOperationException($"{request.Method} {request.Target}: {answer.Status} {answer.Text}");
    }

    private async Task UntilRegisteredAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await Client.SendAsync(RawRequest.Get("/v1/catalog/service/web"), deadline.Token)).Json().GetArrayLength() < 8)
            await Task.Delay(20, deadline.Token);
    }
}
