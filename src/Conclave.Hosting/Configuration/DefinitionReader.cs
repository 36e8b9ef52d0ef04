using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Hosting.Configuration;

/// <summary>
/// Reads service, check and watch definitions of configuration files. Names match without regard to case, in the spelling of files
/// (<c>deregister_critical_service_after</c>) and in that of the HTTP API (<c>DeregisterCriticalServiceAfter</c>).
/// </summary>
internal static class DefinitionReader
{
    private const int SidecarDepthMax = 2;

    /// <exception cref="ConfigValueException">Unknown name or wrong type.</exception>
    public static ServiceDefinition Service(ConfigValue value) => Service(value, depth: 0);

    private static ServiceDefinition Service(ConfigValue value, int depth)
    {
        if (depth > SidecarDepthMax) throw new ConfigValueException($"{value.Path}: sidecar services cannot be nested");
        var service = new ServiceDefinition();
        var checks = new List<CheckDefinition>();
        foreach (var (name, field) in FieldsOf(value))
            service = Plain(name) switch
            {
                "kind" => service with { Kind = field.Text() },
                "id" => service with { Id = field.Text() },
                "name" => service with { Name = field.Text() },
                "tags" => service with { Tags = field.Strings() },
                "address" => service with { Address = field.Text() },
                "taggedaddresses" => service with { TaggedAddresses = TaggedAddresses(field) },
                "meta" => service with { Meta = field.TextMap() },
                "port" => service with { Port = field.Int() },
                "socketpath" => service with { SocketPath = field.Text() },
                "check" or "checks" => AddChecks(service, checks, field),
                "weights" => service with { Weights = Weights(field) },
                "token" => service with { Token = field.Text() },
                "enabletagoverride" => service with { EnableTagOverride = field.Bool() },
                "proxy" => service with { Proxy = GenericTree.From(field.Object()) },
                "connect" => Connect(service, field, depth),
                _ => throw Unknown(field),
            };
        return service with { Checks = checks };
    }

    /// <exception cref="ConfigValueException">Unknown name or wrong type.</exception>
    public static CheckDefinition Check(ConfigValue value)
    {
        var check = new CheckDefinition();
        foreach (var (name, field) in FieldsOf(value)) check = CheckField(check, Plain(name), field);
        return check;
    }

    private static CheckDefinition CheckField(CheckDefinition check, string name, ConfigValue field) => name switch
    {
        "id" or "checkid" => check with { Id = field.Text() },
        "name" => check with { Name = field.Text() },
        "notes" => check with { Notes = field.Text() },
        "serviceid" => check with { ServiceId = field.Text() },
        "token" => check with { Token = field.Text() },
        "status" => check with { Status = field.Text() },
        "args" or "scriptargs" => check with { ScriptArgs = field.Strings() },
        "http" => check with { Http = field.Text() },
        "header" => check with { Header = field.ListMap() },
        "method" => check with { Method = field.Text() },
        "body" => check with { Body = field.Text() },
        "h2ping" => check with { H2Ping = field.Text() },
        "h2pingusetls" => check with { H2PingUseTls = field.Bool() },
        "tcp" => check with { Tcp = field.Text() },
        "udp" => check with { Udp = field.Text() },
        "interval" => check with { Interval = field.Duration() },
        "dockercontainerid" => check with { DockerContainerId = field.Text() },
        "shell" => check with { Shell = field.Text() },
        "grpc" => check with { Grpc = field.Text() },
        "grpcusetls" => check with { GrpcUseTls = field.Bool() },
        "tlsservername" => check with { TlsServerName = field.Text() },
        "tlsskipverify" => check with { TlsSkipVerify = field.Bool() },
        "aliasnode" => check with { AliasNode = field.Text() },
        "aliasservice" => check with { AliasService = field.Text() },
        "timeout" => check with { Timeout = field.Duration() },
        "ttl" => check with { Ttl = field.Duration() },
        "successbeforepassing" => check with { SuccessBeforePassing = field.Int() },
        "failuresbeforewarning" => check with { FailuresBeforeWarning = field.Int() },
        "failuresbeforecritical" => check with { FailuresBeforeCritical = field.Int() },
        "deregistercriticalserviceafter" => check with { DeregisterCriticalServiceAfter = field.Duration() },
        "outputmaxsize" => check with { OutputMaxSize = field.Int() },
        _ => throw Unknown(field),
    };

    /// <exception cref="ConfigValueException">Unknown type or wrong type of a value.</exception>
    public static WatchDefinition Watch(ConfigValue value)
    {
        var watch = new WatchDefinition();
        var parameters = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (name, field) in FieldsOf(value))
            switch (name.ToLowerInvariant())
            {
                case "type": watch = watch with { Type = field.Text() }; break;
                case "datacenter": watch = watch with { Datacenter = field.Text() }; break;
                case "token": watch = watch with { Token = field.Text() }; break;
                case "stale": watch = watch with { Stale = field.Bool() }; break;
                case "handler_type": watch = watch with { HandlerType = field.Text() }; break;
                case "handler": watch = watch with { Handler = field.Text() }; break;
                case "args": watch = watch with { Args = field.Strings() }; break;
                case "http_handler_config": watch = watch with { HttpHandler = HttpHandler(field) }; break;
                default: parameters[name.ToLowerInvariant()] = Parameter(field); break;
            }
        if (watch.Type.Length == 0) throw new ConfigValueException("Failed to parse watch: Watch type not specified");
        if (watch.HandlerType is not ("" or "script" or "http")) throw new ConfigValueException($"Handler type '{watch.HandlerType}' not recognized");
        return watch with { Parameters = parameters };
    }

    private static IReadOnlyList<string> Parameter(ConfigValue field) => field.Raw switch
    {
        bool value => [value ? "true" : "false"],
        List<object?> => field.Strings(),
        _ => [field.Text()],
    };

    private static WatchHttpHandler HttpHandler(ConfigValue value)
    {
        var handler = new WatchHttpHandler();
        foreach (var (name, field) in FieldsOf(value))
            handler = name.ToLowerInvariant() switch
            {
                "path" => handler with { Path = field.Text() },
                "method" => handler with { Method = field.Text() },
                "timeout" => handler with { Timeout = field.Duration() },
                "header" => handler with { Header = field.ListMap() },
                "tls_skip_verify" => handler with { TlsSkipVerify = field.Bool() },
                _ => throw Unknown(field),
            };
        return handler;
    }

    private static ServiceDefinition AddChecks(ServiceDefinition service, List<CheckDefinition> checks, ConfigValue field)
    {
        foreach (var check in field.Objects()) checks.Add(Check(field.Raw is ConfigObject ? field : check));
        return service;
    }

    private static SortedDictionary<string, ServiceAddress> TaggedAddresses(ConfigValue value)
    {
        var addresses = new SortedDictionary<string, ServiceAddress>(StringComparer.Ordinal);
        foreach (var (tag, entry) in FieldsOf(value))
        {
            var (address, port) = ("", 0);
            foreach (var (name, field) in FieldsOf(entry))
                if (Plain(name) == "address") address = field.Text();
                else if (Plain(name) == "port") port = field.Int();
                else throw Unknown(field);
            addresses[tag] = new ServiceAddress(address, port);
        }
        return addresses;
    }

    private static ServiceWeights Weights(ConfigValue value)
    {
        var weights = ServiceWeights.Default;
        foreach (var (name, field) in FieldsOf(value))
            weights = Plain(name) switch
            {
                "passing" => weights with { Passing = field.Int() },
                "warning" => weights with { Warning = field.Int() },
                _ => throw Unknown(field),
            };
        return weights;
    }

    private static ServiceDefinition Connect(ServiceDefinition service, ConfigValue value, int depth)
    {
        var rest = new ConfigObject();
        foreach (var (name, field) in FieldsOf(value))
            if (Plain(name) == "sidecarservice") service = service with { Sidecar = Service(field, depth + 1) };
            else if (Plain(name) == "native") rest.Set("Native", field.Bool());
            else throw Unknown(field);
        return rest.Fields.Count == 0 ? service : service with { Connect = GenericTree.From(rest) };
    }

    /// <summary>The fields of an object that are not null.</summary>
    private static IEnumerable<(string Name, ConfigValue Field)> FieldsOf(ConfigValue value)
    {
        foreach (var (name, raw) in value.Object().Fields)
            if (raw is not null) yield return (name, new ConfigValue($"{value.Path}.{name}", raw));
    }

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    private static UnknownKeyException Unknown(ConfigValue field) => new(field.Path);
}
