namespace Conclave.Agent.Configuration;

/// <summary>Key <c>acl</c> and the older <c>acl_*</c> keys.</summary>
public sealed record AclConfig
{
    /// <summary>Whether access control is on.</summary>
    public bool Enabled { get; init; }

    /// <summary><c>allow</c> or <c>deny</c>.</summary>
    public string DefaultPolicy { get; init; } = "allow";

    /// <summary><c>allow</c>, <c>deny</c>, <c>extend-cache</c> or <c>async-cache</c>.</summary>
    public string DownPolicy { get; init; } = "extend-cache";

    /// <summary>How long a resolved policy is cached.</summary>
    public TimeSpan PolicyTtl { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a resolved token is cached.</summary>
    public TimeSpan TokenTtl { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a resolved role is cached.</summary>
    public TimeSpan RoleTtl { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an answer "access control is off" is believed.</summary>
    public TimeSpan DisabledTtl { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Replicate tokens from the primary datacenter.</summary>
    public bool EnableTokenReplication { get; init; }

    /// <summary>Listing keys needs the <c>list</c> permission.</summary>
    public bool EnableKeyListPolicy { get; init; }

    /// <summary>Keep tokens set over HTTP in the data folder.</summary>
    public bool EnableTokenPersistence { get; init; }

    /// <summary>Tokens. Secret.</summary>
    public AclTokenConfig Tokens { get; init; } = new();
}

/// <summary>Key <c>acl.tokens</c>. All of it is secret.</summary>
public sealed record AclTokenConfig
{
    /// <summary>Token created with all rights when access control starts (<c>master</c>, <c>initial_management</c>).</summary>
    public string InitialManagement { get; init; } = "";

    /// <summary>Token accepted by this agent alone when servers are unreachable (<c>agent_master</c>, <c>agent_recovery</c>).</summary>
    public string AgentRecovery { get; init; } = "";

    /// <summary>Token of the agent's own requests.</summary>
    public string Agent { get; init; } = "";

    /// <summary>Token of requests that bring none.</summary>
    public string Default { get; init; } = "";

    /// <summary>Token for replication between datacenters.</summary>
    public string Replication { get; init; } = "";

    /// <summary>Says only whether something is set.</summary>
    public override string ToString() => nameof(AclTokenConfig);
}

/// <summary>Transport security: <c>ca_file</c> and its relatives. Paths are relative to the current folder.</summary>
public sealed record TlsConfig
{
    /// <summary>File of trusted certificates, or empty.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>Folder of trusted certificates, or empty.</summary>
    public string CaPath { get; init; } = "";

    /// <summary>Certificate file, or empty.</summary>
    public string CertFile { get; init; } = "";

    /// <summary>Private key file, or empty.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>Clients of the server port must show a certificate.</summary>
    public bool VerifyIncomingRpc { get; init; }

    /// <summary>Clients of HTTPS must show a certificate.</summary>
    public bool VerifyIncomingHttps { get; init; }

    /// <summary>Servers' certificates are checked and TLS is used towards them.</summary>
    public bool VerifyOutgoing { get; init; }

    /// <summary>Servers' certificates must name <c>server.dc.domain</c>.</summary>
    public bool VerifyServerHostname { get; init; }

    /// <summary>Name expected in certificates, or empty.</summary>
    public string ServerName { get; init; } = "";

    /// <summary><c>tls10</c> to <c>tls13</c>.</summary>
    public string MinVersion { get; init; } = "tls12";

    /// <summary>Suites, or empty for the platform's.</summary>
    public string CipherSuites { get; init; } = "";
}

/// <summary>Key <c>connect</c>: accepted by every agent; there is no mesh yet.</summary>
public sealed record ConnectConfig
{
    /// <summary>Whether the mesh is asked for.</summary>
    public bool Enabled { get; init; }

    /// <summary>Name of the certificate authority's provider.</summary>
    public string CaProvider { get; init; } = "";

    /// <summary>Cluster id of the certificate authority; empty for a random one.</summary>
    public string ClusterId { get; init; } = "";

    /// <summary>Settings of the certificate authority as texts.</summary>
    public IReadOnlyDictionary<string, string> CaConfig { get; init; } = AgentConfig.EmptyMap;
}
