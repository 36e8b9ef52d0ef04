using Conclave.Cli.Client;
using Conclave.Core.Codec;

namespace Conclave.Cli.Commands.Snapshot;

/// <summary><c>snapshot save</c>: the servers' state as an archive. The file appears under its name only when all of it is there and verified.</summary>
internal sealed class SnapshotSaveCommand : ClientCommand
{
    private const string UnverifiedSuffix = ".unverified";

    public override string Usage => "snapshot save [options] FILE";

    public override string Summary => "Saves the servers' state as an archive that only its owner can read.";

    protected override bool AsksServers => true;

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments) => SnapshotFile.Check(io, arguments);

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        string path = arguments[0], target = io.PathOf(path), unverified = target + UnverifiedSuffix;
        try
        {
            using var response = await client.OpenAsync(HttpMethod.Get, "/v1/snapshot", null, null, stop).ConfigureAwait(false);
            if ((int)response.StatusCode != 200) throw await AgentClient.UnexpectedAsync(response, stop).ConfigureAwait(false);
            await WriteAsync(response, unverified, stop).ConfigureAwait(false);
            File.Move(unverified, target, overwrite: true);
            io.Out.Write($"Saved and verified snapshot to index {AgentClient.IndexOf(response)}\n");
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error saving snapshot: {error.Message}");
        }
        catch (SnapshotRefusedException error)
        {
            return io.Fail($"Error verifying snapshot file: {error.Message}");
        }
        catch (HttpRequestException)
        {
            return io.Fail("Error saving snapshot: unexpected EOF");
        }
        catch (Exception error) when (SnapshotFile.IsFileError(error))
        {
            return io.Fail($"Error writing snapshot file: {SnapshotFile.Describe("open", path, error)}");
        }
    }

    /// <summary>Writes, verifies and flushes the file; removes it when anything fails.</summary>
    private static async Task WriteAsync(HttpResponseMessage response, string path, CancellationToken stop)
    {
        // An earlier file of this name could have other rights, which opening it would keep.
        File.Delete(path);
        try
        {
            var file = new FileStream(path, Options());
            await using var opened = file.ConfigureAwait(false);
            await response.Content.CopyToAsync(file, stop).ConfigureAwait(false);
            file.Position = 0;
            SnapshotFile.Read(file);
            file.Flush(flushToDisk: true);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
