using System.Net;
using Conclave.Agent.Configuration;
using Conclave.Core;

namespace Conclave.Hosting.Configuration;

/// <summary>What is decided when all sources are read: values that follow from others or from this host.</summary>
internal static class ConfigFinish
{
    public static AgentConfig Of(ConfigDraft draft)
    {
        var config = draft.Config;
        if (config.NodeName.Length == 0) config = config with { NodeName = Environment.MachineName };
        if (draft.VerifyIncoming) config = config with { Tls = config.Tls with { VerifyIncomingRpc = true, VerifyIncomingHttps = true } };
        if (config.EnableScriptChecks) config = config with { EnableLocalScriptChecks = true };
        config = Advertised(config);
        config = Bootstrapped(config, draft);
        config = AccessControl(config, draft);
        Warn(config, draft);
        return config with { Warnings = [.. draft.Warnings], Given = draft.Given };
    }

    private static AgentConfig Advertised(AgentConfig config)
    {
        if (config.AdvertiseAddress.Length > 0 || !IPAddress.TryParse(config.BindAddress, out var bind)) return config;
        if (!bind.Equals(IPAddress.Any) && !bind.Equals(IPAddress.IPv6Any)) return config with { AdvertiseAddress = config.BindAddress };
        // Without any private address the loopback one serves a single server; real peers need the setting anyway.
        return config with { AdvertiseAddress = AddressTemplate.PrivateAddress() ?? "127.0.0.1" };
    }

    private static AgentConfig Bootstrapped(AgentConfig config, ConfigDraft draft)
    {
        if (config is { BootstrapExpect: 1, Server: true, Bootstrap: false, DevMode: false })
        {
            draft.Warn("BootstrapExpect is set to 1; this is the same as Bootstrap mode.");
            return config with { Bootstrap = true, BootstrapExpect = 0 };
        }
        if (config.BootstrapExpect == 2) draft.Warn("bootstrap_expect = 2: A cluster with 2 servers will provide no failure tolerance. See https://www.consul.io/docs/internals/consensus.html#deployment-table");
        else if (config.BootstrapExpect > 2)
        {
            if (config.BootstrapExpect % 2 == 0) draft.Warn("bootstrap_expect is even number: A cluster with an even number of servers does not achieve optimum fault tolerance. See https://www.consul.io/docs/internals/consensus.html#deployment-table");
            draft.Warn($"bootstrap_expect > 0: expecting {config.BootstrapExpect} servers");
        }
        return config;
    }

    private static AgentConfig AccessControl(AgentConfig config, ConfigDraft draft)
    {
        if (draft.AclByDatacenter) config = config with { Acl = config.Acl with { Enabled = true } };
        if (!config.Acl.Enabled) return config;
        // An open server under a configuration that says "deny" would be worse than none.
        if (config.Acl.DefaultPolicy == "deny") throw new ConfigException("acl.enabled with default_policy \"deny\" is not supported by this version: tokens are not checked yet");
        draft.Warn("acl.enabled has no effect in this version: tokens are not checked yet and every request is allowed");
        return config;
    }

    private static void Warn(AgentConfig config, ConfigDraft draft)
    {
        if (config is { Bootstrap: true, DevMode: false }) draft.Warn("bootstrap = true: do not enable unless necessary");
        if (config.NodeName.AsSpan().IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") >= 0)
            draft.Warn($"Node name {GoQuote.Quote(config.NodeName)} will not be discoverable via DNS due to invalid characters. Valid characters include all alpha-numerics and dashes.");
        if (config.Ports.Https > 0 && config.Tls.CertFile.Length == 0) draft.Warn("ports.https is set but cert_file is not: the port stays closed");
    }
}
