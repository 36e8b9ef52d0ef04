using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Conclave.Http.Server;
using Conclave.Http.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Http.Tests;

public sealed class ListenerTests
{
    [Fact]
    public async Task A_unix_socket_answers_like_tcp_and_its_file_goes_with_it()
    {
        var path = Path.Combine(Path.GetTempPath(), $"conclave-{Guid.NewGuid():N}.sock");
        await File.WriteAllTextAsync(path, "left over");
        var host = await StartAsync(HttpBinding.Unix(path));
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        Assert.Equal("\"127.0.0.1:8300\"", await client.GetStringAsync("http://any/v1/status/leader"));
        client.Dispose();
        await host.DisposeAsync();
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Https_speaks_both_versions(string version)
    {
        using var authority = MakeCertificate("authority", null);
        using var certificate = MakeCertificate("127.0.0.1", authority);
        await using var host = await StartAsync(HttpBinding.Https(IPAddress.Loopback, 0, new HttpTls(certificate, [], null)));
        using var client = new HttpClient(Trusting(authority, null)) { DefaultRequestVersion = Version.Parse(version), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await client.GetAsync($"https://127.0.0.1:{host.Port}/v1/status/leader");
        Assert.Equal(Version.Parse(version), answer.Version);
        Assert.Equal("\"127.0.0.1:8300\"", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Clients_without_the_right_certificate_are_turned_away_when_one_is_asked_for()
    {
        using var authority = MakeCertificate("authority", null);
        using var stranger = MakeCertificate("stranger", null);
        using var certificate = MakeCertificate("127.0.0.1", authority);
        await using var host = await StartAsync(HttpBinding.Https(IPAddress.Loopback, 0, new HttpTls(certificate, [], [authority])));
        var url = $"https://127.0.0.1:{host.Port}/v1/status/leader";
        using var known = new HttpClient(Trusting(authority, certificate));
        Assert.Equal("\"127.0.0.1:8300\"", await known.GetStringAsync(url));
        using var nobody = new HttpClient(Trusting(authority, null));
        await Assert.ThrowsAsync<HttpRequestException>(() => nobody.GetStringAsync(url));
        using var wrong = new HttpClient(Trusting(authority, stranger));
        await Assert.ThrowsAsync<HttpRequestException>(() => wrong.GetStringAsync(url));
    }

    [Fact]
    public async Task A_taken_port_is_an_error_and_leaves_nothing_open()
    {
        await using var first = await StartAsync(HttpBinding.Tcp(IPAddress.Loopback, 0));
        await Assert.ThrowsAnyAsync<IOException>(() => StartAsync(HttpBinding.Tcp(IPAddress.Loopback, first.Port)));
        using var client = new HttpClient();
        Assert.Equal("\"127.0.0.1:8300\"", await client.GetStringAsync($"http://127.0.0.1:{first.Port}/v1/status/leader"));
    }

    private static Task<HttpListenerHost> StartAsync(HttpBinding binding) =>
        HttpListenerHost.StartAsync(StateServer.Compose(new MemoryGateway(), new HttpOptions(), out _), [binding], NullLoggerFactory.Instance, default);

    private static SocketsHttpHandler Trusting(X509Certificate2 authority, X509Certificate2? own) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.Issuer == authority.Subject,
            ClientCertificates = own is null ? null : [own],
            LocalCertificateSelectionCallback = own is null ? null : (_, _, _, _, _) => own,
        },
    };

    private static X509Certificate2 MakeCertificate(string name, X509Certificate2? authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority is null, false, 0, true));
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        if (authority is null) return request.CreateSelfSigned(from, to);
        using var signed = request.Create(authority, authority.NotBefore, authority.NotAfter, Guid.NewGuid().ToByteArray());
        return signed.CopyWithPrivateKey(key);
    }
}
