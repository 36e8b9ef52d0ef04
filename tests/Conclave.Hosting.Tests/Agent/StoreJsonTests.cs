using System.Text;
using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Hosting.Agent.Store;
using Conclave.Http.Requests;

namespace Conclave.Hosting.Tests.Agent;

public sealed class StoreJsonTests
{
    private static readonly NodeService Service = new()
    {
        Kind = "connect-proxy", Id = "p/1", Service = "p", Tags = ["ä", "\u2028"], Address = "10.0.0.1", Port = 70000, Weights = new(3, 0), EnableTagOverride = true,
        TaggedAddresses = new SortedDictionary<string, ServiceAddress> { ["lan"] = new("10.0.0.2", 1) }, Meta = new SortedDictionary<string, string> { ["k"] = "v\"\\" },
        LocallyRegisteredAsSidecar = true,
        Proxy = new()
        {
            Fields = [new("DestinationServiceName", (ReadOnlyMemory<byte>)"web"u8.ToArray()), new("Config", new MsgPackMap { Fields = [new("n", 1.5), new("l", new List<object?> { 1L, null, true })] })],
        },
    };

    private static readonly CheckDefinition Definition = new()
    {
        Http = "https://[::1]:1/", Method = "POST", Body = "x\n", Header = new SortedDictionary<string, IReadOnlyList<string>> { ["A"] = ["1", "2"] }, TlsSkipVerify = true,
        TlsServerName = "n", Interval = TimeSpan.FromMilliseconds(1500), Timeout = TimeSpan.FromSeconds(2), SuccessBeforePassing = 1, FailuresBeforeWarning = 2,
        FailuresBeforeCritical = 3, DeregisterCriticalServiceAfter = TimeSpan.FromHours(1), OutputMaxSize = 9, DisableRedirects = true, Token = "t",
    };

    [Fact]
    public void A_service_comes_back_as_it_was()
    {
        byte[] written = StoreJson.Write(new SaveService(Service, "secret"));
        var (service, token) = StoreJson.ReadService(written);
        Assert.Equal("secret", token);
        Assert.Equal(written, StoreJson.Write(new SaveService(service, token)));
        Assert.Equal((Service.Id, Service.Port, Service.Weights, Service.TaggedAddresses!["lan"]), (service.Id, service.Port, service.Weights, service.TaggedAddresses!["lan"]));
    }

    [Fact]
    public void A_check_comes_back_as_it_was()
    {
        var check = new HealthCheck { CheckId = "c", Name = "c", ServiceId = "p/1", ServiceTags = ["a"], Type = "http", Interval = "1.5s", Notes = "n" };
        byte[] written = StoreJson.Write(new SaveCheck(check, Definition, "t"));
        var (read, definition) = StoreJson.ReadCheck(written);
        Assert.Equal(written, StoreJson.Write(new SaveCheck(read, definition, "t")));
        Assert.Equal(Definition, definition! with { Header = Definition.Header });
        Assert.Equal(["1", "2"], definition!.Header!["A"]);
    }

    [Fact]
    public void A_cut_or_changed_file_is_refused_or_read_but_never_worse()
    {
        byte[] written = StoreJson.Write(new SaveService(Service, "secret"));
        for (int length = 0; length < written.Length; length++) Read(written[..length]);
        for (int at = 0; at < written.Length; at++)
        {
            byte[] changed = [.. written];
            changed[at] ^= 0x15;
            Read(changed);
        }
        Assert.ThrowsAny<RequestDecodeException>(() => StoreJson.ReadService(Encoding.UTF8.GetBytes("{}")));
    }

    private static void Read(byte[] content)
    {
        var refused = Record.Exception(() => StoreJson.ReadService(content));
        Assert.True(refused is null or RequestDecodeException, refused?.ToString());
    }
}
