using System.Globalization;
using System.Text;
using Conclave.Agent.Configuration;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Hosting.Configuration;

namespace Conclave.Cli.Commands.Kv;

/// <summary><c>kv put</c>.</summary>
internal sealed class KvPutCommand : ClientCommand
{
    private bool _acquire, _base64, _cas, _release;
    private ulong _flags, _modifyIndex;
    private string _session = "";

    public override string Usage => "kv put [options] KEY [DATA]";

    public override string Summary => "Writes a key. DATA is the value, @file or - for standard input.";

    protected override bool AsksServers => true;

    protected override bool HasNamespace => true;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Switch("acquire", value => _acquire = value, "Take the key's lock for -session.");
        flags.Switch("base64", value => _base64 = value, "DATA is base64.");
        flags.Switch("cas", value => _cas = value, "Write only when the key is unchanged since -modify-index; 0 means: does not exist.");
        flags.Unsigned("flags", value => _flags = value, "Number kept beside the value.");
        flags.Unsigned("modify-index", value => _modifyIndex = value, "Index for -cas.");
        flags.Switch("release", value => _release = value, "Give the key's lock back.");
        flags.Text("session", value => _session = value, "Session for -acquire and -release.");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0) return io.Fail("Error! Missing KEY argument");
        if (arguments.Count > 2) return io.Fail($"Error! Too many arguments (expected 1 or 2, got {arguments.Count})");
        return (_acquire || _release) && _session.Length == 0 ? io.Fail("Error! Missing -session (required with -acquire and -release)") : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var key = arguments[0];
        byte[] data;
        try
        {
            data = await DataArgument.ReadAsync(io, arguments.Count > 1 ? arguments[1] : "", stop).ConfigureAwait(false);
        }
        catch (ConfigException error)
        {
            return io.Fail($"Error! {error.Message}");
        }
        if (_base64 && !GoBase64.TryDecode(Encoding.UTF8.GetString(data), out data, out var offset))
            io.Error.Write($"Error! Cannot base 64 decode data: illegal base64 data at input byte {offset.ToString(CultureInfo.InvariantCulture)}\n");
        if (key is ['/', ..]) return io.Fail($"Error! {(_cas || _acquire || _release ? "Did not write to " + key + ": " : "Failed writing data: ")}Invalid key. Key must not begin with a '/': {key}");
        try
        {
            var answer = await client.PutAsync("/v1/kv/" + Query.EscapePath(key), Parameters(), data, stop).ConfigureAwait(false);
            return Report(io, key, written: answer.Text.Contains("true", StringComparison.Ordinal));
        }
        catch (ApiException error)
        {
            return io.Fail($"Error! {(_cas ? $"Did not write to {key}: " : "Failed writing data: ")}{error.Message}");
        }
    }

    private Query Parameters()
    {
        var query = new Query();
        if (_flags != 0) query.Set("flags", _flags.ToString(CultureInfo.InvariantCulture));
        if (_cas) query.Set("cas", _modifyIndex.ToString(CultureInfo.InvariantCulture));
        else if (_acquire) query.Set("acquire", _session);
        else if (_release) query.Set("release", _session);
        return query;
    }

    private int Report(CommandIo io, string key, bool written)
    {
        if (!written)
            return io.Fail(
                _cas && _modifyIndex == 0 ? $"Error! Did not write to {key}: CAS performed with index=0 and key already exists."
                : _cas ? $"Error! Did not write to {key}: CAS failed"
                : _acquire ? "Error! Did not acquire lock"
                : _release ? "Error! Did not release lock"
                : $"Error! Did not write to {key}");
        io.Out.Write((_cas ? "Success! Data written to: " : _acquire ? "Success! Lock acquired on: " : _release ? "Success! Lock released on: " : "Success! Data written to: ") + key + "\n");
        return 0;
    }
}
