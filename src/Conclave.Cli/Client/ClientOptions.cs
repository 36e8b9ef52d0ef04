using Conclave.Cli.Flags;

namespace Conclave.Cli.Client;

/// <summary>Flags and environment do not make a usable client.</summary>
internal sealed class ClientSetupException(string message) : Exception(message);

/// <summary>How to reach the agent: flags over environment over defaults.</summary>
internal sealed record ClientOptions
{
    private const string DefaultAddress = "127.0.0.1:8500";

    /// <summary>Scheme, host and port as in error texts, without a slash at the end.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>Path of a unix socket, or empty.</summary>
    public string SocketPath { get; init; } = "";

    public string Token { get; init; } = "";

    /// <summary><c>user:password</c> for HTTP basic authentication, or empty.</summary>
    public string BasicAuth { get; init; } = "";

    public string CaFile { get; init; } = "";

    public string CaPath { get; init; } = "";

    public string ClientCertificate { get; init; } = "";

    public string ClientKey { get; init; } = "";

    public string TlsServerName { get; init; } = "";

    public bool VerifyTls { get; init; } = true;

    /// <exception cref="ClientSetupException">A value is unusable.</exception>
    public static ClientOptions From(HttpFlags flags, CommandIo io)
    {
        var (baseUrl, socket) = Address(flags.Address ?? Variable(io, "CONSUL_HTTP_ADDR") ?? DefaultAddress, Switch(io, "CONSUL_HTTP_SSL", false));
        return new ClientOptions
        {
            BaseUrl = baseUrl,
            SocketPath = socket,
            Token = TokenOf(flags, io),
            BasicAuth = Variable(io, "CONSUL_HTTP_AUTH") ?? "",
            CaFile = flags.CaFile ?? Variable(io, "CONSUL_CACERT") ?? "",
            CaPath = flags.CaPath ?? Variable(io, "CONSUL_CAPATH") ?? "",
            ClientCertificate = flags.ClientCertificate ?? Variable(io, "CONSUL_CLIENT_CERT") ?? "",
            ClientKey = flags.ClientKey ?? Variable(io, "CONSUL_CLIENT_KEY") ?? "",
            TlsServerName = flags.TlsServerName ?? Variable(io, "CONSUL_TLS_SERVER_NAME") ?? "",
            VerifyTls = Switch(io, "CONSUL_HTTP_SSL_VERIFY", true),
        };
    }

    private static (string BaseUrl, string Socket) Address(string address, bool tls)
    {
        var scheme = tls ? "https" : "http";
        var separator = address.IndexOf("://", StringComparison.Ordinal);
        if (separator < 0) return ($"{scheme}://{address}", "");
        var rest = address[(separator + 3)..].TrimEnd('/');
        return address[..separator] switch
        {
            "unix" => ($"{scheme}://{address[(separator + 3)..]}", address[(separator + 3)..]),
            "http" => ($"{scheme}://{rest}", ""),
            "https" => ($"https://{rest}", ""),
            var other => throw new ClientSetupException($"Unknown protocol scheme: {other}"),
        };
    }

    private static string TokenOf(HttpFlags flags, CommandIo io)
    {
        if (flags.Token is { } given) return given;
        var file = flags.TokenFile ?? Variable(io, "CONSUL_HTTP_TOKEN_FILE");
        if (file is null) return Variable(io, "CONSUL_HTTP_TOKEN") ?? "";
        try
        {
            return File.ReadAllText(io.PathOf(file)).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ClientSetupException($"Error loading token file {file} : {error.Message}");
        }
    }

    private static bool Switch(CommandIo io, string name, bool standard)
    {
        if (Variable(io, name) is not { } text) return standard;
        try
        {
            return FlagSet.ParseBool(text);
        }
        catch (FormatException)
        {
            throw new ClientSetupException($"could not parse {name}: \"{text}\" is not a boolean");
        }
    }

    private static string? Variable(CommandIo io, string name) => io.Variable(name) is { Length: > 0 } value ? value : null;
}
