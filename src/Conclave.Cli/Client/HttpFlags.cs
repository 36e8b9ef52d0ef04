using Conclave.Cli.Flags;

namespace Conclave.Cli.Client;

/// <summary>The flags that all verbs share which talk to an agent; each wins over its environment variable.</summary>
internal sealed class HttpFlags
{
    public string? Address { get; private set; }

    public string? Token { get; private set; }

    public string? TokenFile { get; private set; }

    public string? CaFile { get; private set; }

    public string? CaPath { get; private set; }

    public string? ClientCertificate { get; private set; }

    public string? ClientKey { get; private set; }

    public string? TlsServerName { get; private set; }

    public string Datacenter { get; set; } = "";

    public bool Stale { get; private set; }

    public void DefineClient(FlagSet flags)
    {
        flags.Text("http-addr", value => Address = value, "Address of the agent's HTTP API: host:port, a URL or unix://path. Also CONSUL_HTTP_ADDR; default http://127.0.0.1:8500.", "address");
        flags.Text("token", value => Token = value, "ACL token of the request. Also CONSUL_HTTP_TOKEN.", "value");
        flags.Text("token-file", value => TokenFile = value, "File that holds the ACL token. Also CONSUL_HTTP_TOKEN_FILE.", "value");
        flags.Text("ca-file", value => CaFile = value, "File of trusted certificates. Also CONSUL_CACERT.", "value");
        flags.Text("ca-path", value => CaPath = value, "Folder of trusted certificates. Also CONSUL_CAPATH.", "value");
        flags.Text("client-cert", value => ClientCertificate = value, "Certificate to show to the agent. Also CONSUL_CLIENT_CERT.", "value");
        flags.Text("client-key", value => ClientKey = value, "Private key of that certificate. Also CONSUL_CLIENT_KEY.", "value");
        flags.Text("tls-server-name", value => TlsServerName = value, "Name expected in the agent's certificate. Also CONSUL_TLS_SERVER_NAME.", "value");
    }

    public void DefineServer(FlagSet flags)
    {
        flags.Text("datacenter", value => Datacenter = value, "Datacenter to ask; default is the agent's own.", "value");
        flags.Switch("stale", value => Stale = value, "Let any server answer, not only the leader.");
    }
}
