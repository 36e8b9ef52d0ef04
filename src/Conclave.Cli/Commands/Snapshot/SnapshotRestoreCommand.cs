using Conclave.Cli.Client;

namespace Conclave.Cli.Commands.Snapshot;

/// <summary><c>snapshot restore</c>: sends an archive to the servers, who verify it and put it in the place of their state.</summary>
internal sealed class SnapshotRestoreCommand : ClientCommand
{
    public override string Usage => "snapshot restore [options] FILE";

    public override string Summary => "Replaces the servers' state by that of an archive.";

    protected override bool AsksServers => true;

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments) => SnapshotFile.Check(io, arguments);

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        FileStream file;
        try
        {
            file = File.OpenRead(io.PathOf(arguments[0]));
        }
        catch (Exception error) when (SnapshotFile.IsFileError(error))
        {
            return io.Fail($"Error opening snapshot file: {SnapshotFile.Describe("open", arguments[0], error)}");
        }
        await using var opened = file.ConfigureAwait(false);
        try
        {
            using var content = new StreamContent(file);
            using var response = await client.OpenAsync(HttpMethod.Put, "/v1/snapshot", null, content, stop).ConfigureAwait(false);
            if ((int)response.StatusCode != 200) throw await AgentClient.UnexpectedAsync(response, stop).ConfigureAwait(false);
        }
        catch (ApiException error)
        {
            return io.Fail($"Error restoring snapshot: {error.Message}");
        }
        io.Out.Write("Restored snapshot\n");
        return 0;
    }
}
