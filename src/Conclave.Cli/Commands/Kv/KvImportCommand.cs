using System.Globalization;
using System.Text;
using Conclave.Agent.Configuration;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Hosting.Configuration;

namespace Conclave.Cli.Commands.Kv;

/// <summary><c>kv import</c>: writes what <c>kv export</c> printed.</summary>
internal sealed class KvImportCommand : ClientCommand
{
    private string _prefix = "";

    public override string Usage => "kv import [DATA]";

    public override string Summary => "Writes keys from the JSON of \"kv export\". DATA is the JSON, @file or - for standard input.";

    protected override bool AsksServers => true;

    protected override bool HasNamespace => true;

    protected override void DefineOwn(FlagSet flags) => flags.Text("prefix", value => _prefix = value, "Put in front of each key.");

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments) => arguments.Count switch
    {
        0 => io.Fail("Error! Missing DATA argument"),
        1 => null,
        _ => io.Fail($"Error! Too many arguments (expected 1, got {arguments.Count})"),
    };

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        List<(string Key, ulong Flags, byte[] Value)> entries;
        try
        {
            entries = Entries(Encoding.UTF8.GetString(await DataArgument.ReadAsync(io, arguments[0], stop).ConfigureAwait(false)));
        }
        catch (ConfigException error)
        {
            return io.Fail($"Error! {error.Message}");
        }
        catch (ConfigSyntaxException error)
        {
            return io.Fail($"Cannot unmarshal data: {error.Message}");
        }
        foreach (var (key, flags, value) in entries)
            if (await WriteAsync(client, _prefix + key, flags, value, stop).ConfigureAwait(false) is { } problem) return io.Fail(problem);
            else io.Out.Write($"Imported: {_prefix + key}\n");
        return 0;
    }

    private static async Task<string?> WriteAsync(AgentClient client, string key, ulong flags, byte[] value, CancellationToken stop)
    {
        if (key is ['/', ..]) return $"Error! Failed writing data for key {key}: Invalid key. Key must not begin with a '/': {key}";
        try
        {
            var query = flags == 0 ? null : new Query().Set("flags", flags.ToString(CultureInfo.InvariantCulture));
            await client.PutAsync("/v1/kv/" + Query.EscapePath(key), query, value, stop).ConfigureAwait(false);
            return null;
        }
        catch (ApiException error)
        {
            return $"Error! Failed writing data for key {key}: {error.Message}";
        }
    }

    private static List<(string, ulong, byte[])> Entries(string json)
    {
        var entries = new List<(string, ulong, byte[])>();
        if (JsonConfigParser.ParseValue(json) is not List<object?> list) throw new ConfigSyntaxException("json: cannot unmarshal object into Go value of type []*kv.Entry");
        foreach (var item in list)
        {
            var entry = item as ConfigObject ?? throw new ConfigSyntaxException($"json: cannot unmarshal {JsonConfigParser.TypeName(item)} into Go value of type impexp.Entry");
            if (!GoBase64.TryDecode(Get(entry, "value") as string ?? "", out var value, out var offset)) throw new ConfigSyntaxException($"illegal base64 data at input byte {offset}");
            entries.Add((Get(entry, "key") as string ?? "", FlagsOf(Get(entry, "flags")), value));
        }
        return entries;
    }

    private static ulong FlagsOf(object? value) => value switch
    {
        null => 0,
        long number and >= 0 => (ulong)number,
        double number and >= 0 and < 18446744073709551616.0 => (ulong)number,
        _ => throw new ConfigSyntaxException("json: cannot unmarshal flags into Go struct field Entry.flags of type uint64"),
    };

    private static object? Get(ConfigObject entry, string name)
    {
        foreach (var (key, value) in entry.Fields)
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase)) return value;
        return null;
    }
}
