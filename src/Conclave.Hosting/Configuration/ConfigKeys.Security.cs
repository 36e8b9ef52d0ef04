using Conclave.Agent.Configuration;
using static Conclave.Hosting.Configuration.ConfigKeyKind;
using static Conclave.Hosting.Configuration.ConfigKeyStatus;

namespace Conclave.Hosting.Configuration;

public static partial class ConfigKeys
{
    private const string NoAcl = "kept for the time when tokens are checked";

    private static void AddSecurity(List<ConfigKey> keys)
    {
        keys.AddRange(
        [
            Word("encrypt", (config, value) => config with { Encrypt = value }),
            Switch("encrypt_verify_incoming", (config, value) => config with { EncryptVerifyIncoming = value }),
            Switch("encrypt_verify_outgoing", (config, value) => config with { EncryptVerifyOutgoing = value }),
            Switch("disable_keyring_file", (config, value) => config with { DisableKeyringFile = value }),
            Tls("ca_file", Text, (tls, value) => tls with { CaFile = value.Text() }),
            Tls("ca_path", Text, (tls, value) => tls with { CaPath = value.Text() }),
            Tls("cert_file", Text, (tls, value) => tls with { CertFile = value.Text() }),
            Tls("key_file", Text, (tls, value) => tls with { KeyFile = value.Text() }),
            Key("verify_incoming", Bool, (draft, value) => draft.VerifyIncoming = value.Bool()),
            Tls("verify_incoming_rpc", Bool, (tls, value) => tls with { VerifyIncomingRpc = value.Bool() }, Stored),
            Tls("verify_incoming_https", Bool, (tls, value) => tls with { VerifyIncomingHttps = value.Bool() }),
            Tls("verify_outgoing", Bool, (tls, value) => tls with { VerifyOutgoing = value.Bool() }, Stored),
            Tls("verify_server_hostname", Bool, (tls, value) => tls with { VerifyServerHostname = value.Bool() }, Stored),
            Tls("server_name", Text, (tls, value) => tls with { ServerName = value.Text() }, Stored),
            Tls("tls_min_version", Text, (tls, value) => tls with { MinVersion = value.Text() }),
            Tls("tls_cipher_suites", Text, (tls, value) => tls with { CipherSuites = value.Text() }, Stored),
            Neutral("tls_prefer_server_cipher_suites", Bool),
        ]);
        AddNewerTls(keys);
        AddAcl(keys);
        AddOlderAcl(keys);
    }

    private static ConfigKey Tls(string path, ConfigKeyKind kind, Func<TlsConfig, ConfigValue, TlsConfig> change, ConfigKeyStatus status = Works) =>
        Key(path, kind, (draft, value) => draft.Config = draft.Config with { Tls = change(draft.Config.Tls, value) }, status);

    /// <summary>The grouped form of later versions. Its per-listener parts are taken for HTTPS and, where only one value exists here, for all.</summary>
    private static void AddNewerTls(List<ConfigKey> keys)
    {
        foreach (var group in (string[])["tls.defaults.", "tls.https."])
            keys.AddRange(
            [
                Tls(group + "ca_file", Text, (tls, value) => tls with { CaFile = value.Text() }),
                Tls(group + "ca_path", Text, (tls, value) => tls with { CaPath = value.Text() }),
                Tls(group + "cert_file", Text, (tls, value) => tls with { CertFile = value.Text() }),
                Tls(group + "key_file", Text, (tls, value) => tls with { KeyFile = value.Text() }),
                Tls(group + "verify_outgoing", Bool, (tls, value) => tls with { VerifyOutgoing = value.Bool() }, Stored),
                Tls(group + "tls_min_version", Text, (tls, value) => tls with { MinVersion = NewerVersion(value.Text()) }),
                Tls(group + "tls_cipher_suites", Text, (tls, value) => tls with { CipherSuites = value.Text() }, Stored),
                Neutral(group + "verify_server_hostname", Bool),
            ]);
        keys.Add(Key("tls.defaults.verify_incoming", Bool, (draft, value) => draft.VerifyIncoming = value.Bool()));
        keys.Add(Tls("tls.https.verify_incoming", Bool, (tls, value) => tls with { VerifyIncomingHttps = value.Bool() }));
        keys.Add(Unused("tls.internal_rpc", ConfigKeyKind.Object));
        keys.Add(Unused("tls.grpc", ConfigKeyKind.Object));
    }

    private static string NewerVersion(string version) => version switch
    {
        "TLSv1_0" => "tls10",
        "TLSv1_1" => "tls11",
        "TLSv1_2" => "tls12",
        "TLSv1_3" => "tls13",
        "TLS_AUTO" => "",
        _ => version,
    };

    private static void AddAcl(List<ConfigKey> keys) => keys.AddRange(
    [
        Acl("acl.enabled", Bool, (acl, value) => acl with { Enabled = value.Bool() }, Refused, "refused together with default_policy deny, because tokens are not checked yet; else a warning"),
        Acl("acl.default_policy", Text, (acl, value) => acl with { DefaultPolicy = value.Text() }),
        Acl("acl.down_policy", Text, (acl, value) => acl with { DownPolicy = value.Text() }),
        Acl("acl.policy_ttl", Duration, (acl, value) => acl with { PolicyTtl = value.Duration() }),
        Acl("acl.token_ttl", Duration, (acl, value) => acl with { TokenTtl = value.Duration() }),
        Acl("acl.role_ttl", Duration, (acl, value) => acl with { RoleTtl = value.Duration() }),
        Acl("acl.disabled_ttl", Duration, (acl, value) => acl with { DisabledTtl = value.Duration() }),
        Acl("acl.enable_token_replication", Bool, (acl, value) => acl with { EnableTokenReplication = value.Bool() }),
        Acl("acl.enable_key_list_policy", Bool, (acl, value) => acl with { EnableKeyListPolicy = value.Bool() }),
        Acl("acl.enable_token_persistence", Bool, (acl, value) => acl with { EnableTokenPersistence = value.Bool() }),
        Neutral("acl.msp_disable_bootstrap", Bool),
        Token("acl.tokens.master", (tokens, value) => tokens with { InitialManagement = value }),
        Token("acl.tokens.initial_management", (tokens, value) => tokens with { InitialManagement = value }),
        Token("acl.tokens.agent_master", (tokens, value) => tokens with { AgentRecovery = value }),
        Token("acl.tokens.agent_recovery", (tokens, value) => tokens with { AgentRecovery = value }),
        Token("acl.tokens.agent", (tokens, value) => tokens with { Agent = value }),
        Token("acl.tokens.default", (tokens, value) => tokens with { Default = value }),
        Token("acl.tokens.replication", (tokens, value) => tokens with { Replication = value }),
        Unused("acl.tokens.config_file_service_registration", Text),
        Unused("acl.tokens.dns", Text),
        Unused("acl.tokens.managed_service_provider", ObjectList),
    ]);

    private static ConfigKey Acl(string path, ConfigKeyKind kind, Func<AclConfig, ConfigValue, AclConfig> change, ConfigKeyStatus status = Stored, string note = NoAcl) =>
        Key(path, kind, (draft, value) => draft.Config = draft.Config with { Acl = change(draft.Config.Acl, value) }, status, note);

    private static ConfigKey Token(string path, Func<AclTokenConfig, string, AclTokenConfig> change) =>
        Acl(path, Text, (acl, value) => acl with { Tokens = change(acl.Tokens, value.Text()) });

    /// <summary>Names of versions before 1.4: translated, with a warning that names the new key.</summary>
    private static void AddOlderAcl(List<ConfigKey> keys)
    {
        keys.AddRange(
        [
            Key("acl_datacenter", Text, (draft, value) =>
            {
                draft.Config = draft.Config with { PrimaryDatacenter = value.Text().ToLowerInvariant() };
                draft.AclByDatacenter = draft.Config.PrimaryDatacenter.Length > 0;
                Deprecated(draft, "acl_datacenter", "primary_datacenter");
            }, Stored, "older name; also switches access control on"),
            Older("acl_default_policy", "acl.default_policy"),
            Older("acl_down_policy", "acl.down_policy"),
            Older("acl_ttl", "acl.token_ttl"),
            Older("acl_token", "acl.tokens.default"),
            Older("acl_agent_token", "acl.tokens.agent"),
            Older("acl_agent_master_token", "acl.tokens.agent_master"),
            Older("acl_master_token", "acl.tokens.master"),
            Older("acl_replication_token", "acl.tokens.replication"),
            Older("acl_enable_key_list_policy", "acl.enable_key_list_policy", Bool),
            Older("enable_acl_replication", "acl.enable_token_replication", Bool),
            Neutral("acl_enforce_version_8", Bool),
        ]);
    }

    private static ConfigKey Older(string path, string replacement, ConfigKeyKind kind = Text) =>
        Key(path, kind, (draft, value) =>
        {
            Find(replacement)!.Apply(draft, value);
            Deprecated(draft, path, replacement);
        }, Stored, $"older name of {replacement}");
}
