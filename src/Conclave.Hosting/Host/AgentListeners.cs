using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Conclave.Agent.Configuration;
using Conclave.Http;
using Conclave.Http.Server;

namespace Conclave.Hosting;

/// <summary>Translates an agent's configuration into listeners of the HTTP front end.</summary>
internal static class AgentListeners
{
    /// <summary>Where to listen; empty when every port is off.</summary>
    /// <exception cref="InvalidDataException">An address or a certificate cannot be used; the message says which.</exception>
    public static List<HttpBinding> Bindings(AgentConfig config)
    {
        var bindings = new List<HttpBinding>();
        foreach (var listener in config.HttpListeners) bindings.Add(listener.IsUnixSocket ? HttpBinding.Unix(listener.Host) : HttpBinding.Tcp(AddressOf(listener), listener.Port));
        // A TLS port without a certificate stays closed: harnesses write such configurations and expect the agent to start.
        if (Tls(config) is not { } tls) return bindings;
        foreach (var listener in config.HttpsListeners)
            if (!listener.IsUnixSocket) bindings.Add(HttpBinding.Https(AddressOf(listener), listener.Port, tls));
        return bindings;
    }

    /// <summary>What HTTPS listeners show, read from the files; null when there are no such listeners, or no certificate.</summary>
    /// <exception cref="InvalidDataException">A file cannot be used; the message says which.</exception>
    public static HttpTls? Tls(AgentConfig config) =>
        config.HttpsListeners.Count == 0 || config.Tls.CertFile.Length == 0 || config.Tls.KeyFile.Length == 0 ? null : ReadTls(config.Tls);

    /// <summary>How the front end behaves.</summary>
    public static HttpOptions Options(AgentConfig config) => new()
    {
        PrettyByDefault = config.DevMode,
        UiEnabled = config.Ui.Enabled,
        ResponseHeaders = config.Http.ResponseHeaders,
        BlockEndpoints = config.Http.BlockEndpoints,
        AllowWriteFrom = config.Http.AllowWriteHttpFrom.Select(IPNetwork.Parse).ToList(),
        UseCache = config.Http.UseCache,
        TranslateWanAddresses = config.TranslateWanAddresses,
        AllowUnprintablePaths = config.DisableHttpUnprintableCharFilter,
        KvValueBytesMax = config.Limits.KvMaxValueSize,
        TxnBytesMax = config.Limits.TxnMaxReqLen,
        DefaultQueryTime = config.DefaultQueryTime,
        MaxQueryTime = config.MaxQueryTime,
        DiscoveryMaxStale = config.DiscoveryMaxStale,
        ConnectionsPerClientMax = config.Limits.HttpMaxConnsPerClient,
        HeaderBytesMax = config.Http.MaxHeaderBytes > 0 ? config.Http.MaxHeaderBytes : new HttpOptions().HeaderBytesMax,
    };

    /// <summary>Sets the mode of the unix sockets that were opened.</summary>
    public static void SetSocketModes(AgentConfig config)
    {
        if (config.UnixSockets.Mode.Length == 0 || OperatingSystem.IsWindows()) return;
        var mode = (UnixFileMode)Convert.ToInt32(config.UnixSockets.Mode, 8);
        foreach (var listener in config.HttpListeners)
            if (listener.IsUnixSocket) File.SetUnixFileMode(listener.Host, mode);
    }

    private static IPAddress AddressOf(ListenAddress listener)
    {
        if (IPAddress.TryParse(listener.Host, out var address)) return address;
        if (listener.Host == "localhost") return IPAddress.Loopback;
        throw new InvalidDataException($"cannot listen on '{listener.Host}': not an IP address");
    }

    private static HttpTls ReadTls(TlsConfig config)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(config.CertFile);
            var certificate = X509Certificate2.CreateFromPemFile(config.CertFile, config.KeyFile);
            if (chain.Count > 0) chain.RemoveAt(0);                    // the first one is the certificate itself
            return new HttpTls(certificate, chain, config.VerifyIncomingHttps ? ReadAuthorities(config) : null) { Protocols = ProtocolsOf(config.MinVersion) };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new InvalidDataException($"Error loading cert/key: {failure.Message}", failure);
        }
    }

    // Older versions than 1.2 are the system's to allow.
    private static SslProtocols ProtocolsOf(string least) => least switch
    {
        "tls13" => SslProtocols.Tls13,
        "tls12" => SslProtocols.Tls12 | SslProtocols.Tls13,
        _ => SslProtocols.None,
    };

    private static X509Certificate2Collection ReadAuthorities(TlsConfig config)
    {
        var authorities = new X509Certificate2Collection();
        if (config.CaFile.Length > 0) authorities.ImportFromPemFile(config.CaFile);
        if (config.CaPath.Length > 0)
            foreach (string file in Directory.EnumerateFiles(config.CaPath)) authorities.ImportFromPemFile(file);
        return authorities;
    }
}
