using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Conclave.Http.Server;

/// <summary>One place to listen on.</summary>
/// <param name="EndPoint">IP address and port (0: any free one), or null for a unix socket.</param>
/// <param name="UnixPath">Path of a unix socket, or null.</param>
/// <param name="Tls">Set for HTTPS.</param>
public sealed record HttpBinding(IPEndPoint? EndPoint, string? UnixPath, HttpTls? Tls)
{
    /// <summary>Plain HTTP over TCP.</summary>
    public static HttpBinding Tcp(IPAddress address, int port) => new(new IPEndPoint(address, port), null, null);

    /// <summary>Plain HTTP over a unix socket; a left-over file of that name is removed.</summary>
    public static HttpBinding Unix(string path) => new(null, path, null);

    /// <summary>HTTPS over TCP.</summary>
    public static HttpBinding Https(IPAddress address, int port, HttpTls tls) => new(new IPEndPoint(address, port), null, tls);
}

/// <summary>What an HTTPS listener shows and asks for.</summary>
/// <param name="Certificate">Certificate with its private key.</param>
/// <param name="Chain">Intermediate certificates to send along; may be empty.</param>
/// <param name="ClientAuthorities">When not null, clients must show a certificate that leads to one of these; others end the handshake with an alert.</param>
public sealed record HttpTls(X509Certificate2 Certificate, X509Certificate2Collection Chain, X509Certificate2Collection? ClientAuthorities)
{
    /// <summary>Versions that may be spoken; none means those of the system.</summary>
    public SslProtocols Protocols { get; init; }
}
