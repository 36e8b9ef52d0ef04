using Conclave.Cli.Flags;
using Conclave.Core.Codec;

namespace Conclave.Cli.Commands.Snapshot;

/// <summary><c>snapshot inspect</c>: looks into an archive; asks no agent.</summary>
internal sealed class SnapshotInspectCommand : Command
{
    private string _format = "pretty", _filter = "";
    private int _depth = 2;
    private bool _details;

    public override string Usage => "snapshot inspect [options] FILE";

    public override string Summary => "Verifies an archive and lists how many records of each kind it holds.";

    public override Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop) =>
        Task.FromResult(SnapshotFile.Check(io, arguments) ?? Inspect(io, arguments[0]));

    protected override void Define(FlagSet flags)
    {
        flags.Text("format", value => _format = value, "How to print: pretty or json.");
        flags.Switch("kvdetails", value => _details = value, "Count keys by their first parts too.");
        flags.Integer("kvdepth", value => _depth = value, "Parts of a key that are looked at with -kvdetails.");
        flags.Text("kvfilter", value => _filter = value, "Prefix of the keys to count with -kvdetails.");
    }

    private int Inspect(CommandIo io, string path)
    {
        ArchiveContent content;
        try
        {
            using var file = File.OpenRead(io.PathOf(path));
            content = SnapshotFile.Read(file);
        }
        catch (SnapshotRefusedException error)
        {
            return io.Fail($"Error reading snapshot: {error.Message}");
        }
        catch (Exception error) when (SnapshotFile.IsFileError(error))
        {
            return io.Fail($"Error opening snapshot file: {SnapshotFile.Describe("open", path, error)}");
        }
        var stats = new SnapshotStats(_details ? new KeyDetails(_depth, _filter) : null);
        try
        {
            stats.Add(content.State);
        }
        catch (SnapshotExtractionException error)
        {
            return io.Fail($"Error extracting snapshot data: {error.Message}");
        }
        return Print(io, content.Meta, stats);
    }

    private int Print(CommandIo io, ArchiveMeta meta, SnapshotStats stats)
    {
        switch (_format)
        {
            case "pretty": io.Out.Write(SnapshotReport.Pretty(meta, stats)); return 0;
            case "json": io.Out.Write(SnapshotReport.Json(meta, stats)); return 0;
            default: return io.Fail($"Error outputting enhanced snapshot data: Unknown format: {_format}");
        }
    }
}
