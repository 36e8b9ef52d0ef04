using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Operator;

/// <summary><c>operator raft list-peers</c>.</summary>
internal sealed class ListPeersCommand : ClientCommand
{
    public override string Usage => "operator raft list-peers [options]";

    public override string Summary => "Lists the servers of the Raft configuration.";

    protected override bool AsksServers => true;

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            using var json = (await client.GetAsync("/v1/operator/raft/configuration", null, stop).ConfigureAwait(false)).Json();
            var rows = new List<string[]> { new[] { "Node", "ID", "Address", "State", "Voter", "RaftProtocol" } };
            foreach (var server in json.RootElement.Items("Servers"))
                rows.Add([server.Text("Node"), server.Text("ID"), server.Text("Address"), server.Truth("Leader") ? "leader" : "follower",
                    server.Truth("Voter") ? "true" : "false", server.Text("ProtocolVersion")]);
            io.Out.Write(Columns.Format(rows));
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error getting peers: Failed to retrieve raft configuration: {error.Message}");
        }
    }
}

/// <summary><c>operator raft remove-peer</c>.</summary>
internal sealed class RemovePeerCommand : ClientCommand
{
    private string _address = "", _id = "";

    public override string Usage => "operator raft remove-peer [options]";

    public override string Summary => "Removes a server from the Raft configuration.";

    protected override bool AsksServers => true;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Text("address", value => _address = value, "Address of the server.");
        flags.Text("id", value => _id = value, "Id of the server.");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (_address.Length == 0 && _id.Length == 0) return io.Fail("Error removing peer: an address or id is required for the peer to remove");
        return _address.Length > 0 && _id.Length > 0 ? io.Fail("Error removing peer: cannot give both an address and id") : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var (kind, value) = _address.Length > 0 ? ("address", _address) : ("id", _id);
        try
        {
            await client.RequireAsync(HttpMethod.Delete, "/v1/operator/raft/peer", new Query().Set(kind, value), null, stop).ConfigureAwait(false);
        }
        catch (ApiException error)
        {
            return io.Fail($"Error removing peer: {error.Message}");
        }
        io.Out.Write($"Removed peer with {kind} \"{value}\"\n");
        return 0;
    }
}
