using System.Globalization;
using Conclave.Agent.Configuration;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Core.Model;
using Conclave.Hosting.Configuration;

namespace Conclave.Cli.Commands.Services;

/// <summary><c>services register</c>.</summary>
internal sealed class ServicesRegisterCommand : ClientCommand
{
    private readonly List<string> _tags = [];
    private readonly List<KeyValuePair<string, string>> _meta = [], _taggedAddresses = [];
    private string _address = "", _id = "", _kind = "", _name = "", _socket = "";
    private int _port;

    public override string Usage => "services register [options] [FILE...]";

    public override string Summary => "Registers services of configuration files, or one given by flags, at the agent.";

    protected override bool AsksServers => true;

    protected override bool HasNamespace => true;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Text("address", value => _address = value, "Address of the service.");
        flags.Text("id", value => _id = value, "Id; the name when absent.");
        flags.Text("kind", value => _kind = value, "Kind of a proxy.");
        flags.Pairs("meta", _meta, "Metadata; may be repeated.", "value");
        flags.Text("name", value => _name = value, "Name of the service.");
        flags.Integer("port", value => _port = value, "Port of the service.");
        flags.Text("socket", value => _socket = value, "Unix socket of the service.");
        flags.Several("tag", _tags, "Tag; may be repeated.");
        flags.Pairs("tagged-address", _taggedAddresses, "Named address name=host:port; may be repeated.", "value");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0 && _name.Length == 0) return io.Fail("Service registration requires at least one argument or flags.");
        return arguments.Count > 0 && _name.Length + _id.Length > 0 ? io.Fail("Service registration requires arguments or -id and -name, not both.") : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        IReadOnlyList<ServiceDefinition> services;
        try
        {
            services = arguments.Count > 0 ? ServiceFiles.Read(io, arguments) : [FromFlags()];
        }
        catch (ConfigException error)
        {
            return io.Fail($"Error: {error.Message}");
        }
        foreach (var service in services)
            try
            {
                await client.PutAsync("/v1/agent/service/register", null, ServiceJson.Write(service), stop).ConfigureAwait(false);
                io.Out.Write($"Registered service: {service.Name}\n");
            }
            catch (ApiException error)
            {
                return io.Fail($"Error registering service \"{service.Name}\": {error.Message}");
            }
        return 0;
    }

    private ServiceDefinition FromFlags() => new()
    {
        Kind = _kind,
        Id = _id,
        Name = _name,
        Address = _address,
        Port = _port,
        SocketPath = _socket,
        Tags = _tags,
        Meta = Map(_meta),
        TaggedAddresses = _taggedAddresses.Count == 0 ? null : _taggedAddresses.ToDictionary(entry => entry.Key, entry => AddressOf(entry.Value), StringComparer.Ordinal),
    };

    private static SortedDictionary<string, string> Map(List<KeyValuePair<string, string>> pairs)
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs) map[key] = value;
        return map;
    }

    private static ServiceAddress AddressOf(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0) return new ServiceAddress(text, 0);
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new ServiceAddress(text[..colon], port)
            : throw new ConfigException($"invalid port in tagged address \"{text}\"");
    }
}

/// <summary><c>services deregister</c>.</summary>
internal sealed class ServicesDeregisterCommand : ClientCommand
{
    private string _id = "";

    public override string Usage => "services deregister [options] [FILE...]";

    public override string Summary => "Removes services from the agent.";

    protected override bool AsksServers => true;

    protected override bool HasNamespace => true;

    protected override void DefineOwn(FlagSet flags) => flags.Text("id", value => _id = value, "Id of the service.");

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0 && _id.Length == 0) return io.Fail("Service deregistration requires at least one argument or flags.");
        return arguments.Count > 0 && _id.Length > 0 ? io.Fail("Service deregistration requires arguments or -id, not both.") : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        IReadOnlyList<ServiceDefinition> services;
        try
        {
            services = arguments.Count > 0 ? ServiceFiles.Read(io, arguments) : [new ServiceDefinition { Id = _id }];
        }
        catch (ConfigException error)
        {
            return io.Fail($"Error: {error.Message}");
        }
        foreach (var service in services)
        {
            var id = service.Id.Length > 0 ? service.Id : service.Name;
            try
            {
                await client.PutAsync("/v1/agent/service/deregister/" + Query.EscapePath(id), null, null, stop).ConfigureAwait(false);
                io.Out.Write($"Deregistered service: {id}\n");
            }
            catch (ApiException error)
            {
                return io.Fail($"Error deregistering service \"{id}\": {error.Message}");
            }
        }
        return 0;
    }
}
