using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Conclave.Http.Server;

/// <summary>How handshakes are made, which may change while connections stand. Thread-safe.</summary>
internal sealed class TlsHandshakes
{
    private volatile SslServerAuthenticationOptions? _options;

    /// <summary>For the next handshake.</summary>
    public SslServerAuthenticationOptions Options => _options ?? throw new InvalidOperationException("There is no certificate.");

    /// <summary>Makes handshakes in this way from now on.</summary>
    public void Use(HttpTls tls)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(tls.Certificate, tls.Chain, offline: true),
            EnabledSslProtocols = tls.Protocols,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (tls.ClientAuthorities is { } authorities)
        {
            options.ClientCertificateRequired = true;
            options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && LeadsTo(shown, authorities);
        }
        _options = options;
    }

    private static bool LeadsTo(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
