using System.Buffers;
using System.Text.Json;
using Conclave.Cli.Commands.Snapshot;
using Conclave.Cli.Tests.Recorded;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Tests;

namespace Conclave.Cli.Tests.Snapshot;

/// <summary>What <c>snapshot inspect</c> prints for archives of the real program, good and damaged.</summary>
public sealed class SnapshotInspectTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Archives_are_listed_as_recorded()
    {
        var differences = new List<string>();
        foreach (var recorded in RecordedCommand.Read("snapshot-inspect"))
        {
            var result = await CommandRunner.RunAsync(Vectors.Path("vectors", "snapshot"), null, null, recorded.Arguments);
            if (new CommandResult(recorded.Exit ?? -1, recorded.Out, recorded.Error) != result) differences.Add($"{recorded}\n{result.Exit}\n{result.Out}{result.Error}");
        }
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    [Fact]
    public async Task Damaged_archives_are_refused_in_the_recorded_words()
    {
        var differences = new List<string>();
        using var cases = JsonDocument.Parse(await File.ReadAllBytesAsync(Vectors.Path("vectors", "snapshot", "cases.json"), TestContext.Current.CancellationToken));
        foreach (var row in cases.RootElement.EnumerateObject())
        {
            var result = await InspectAsync(Vectors.Path("vectors", "snapshot"), $"case-{row.Name}.snap");
            // The real program logs the failure to close its decompressor first; the line says nothing that the last one does not.
            var error = string.Concat(row.Value.GetProperty("inspect_stderr").GetString()!.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("<time>", StringComparison.Ordinal)).Select(line => line + "\n"));
            if ((result.Exit, result.Error) != (row.Value.GetProperty("inspect_exit").GetInt32(), error)) differences.Add($"{row.Name}: {result.Exit} {result.Error}  instead of {error}");
        }
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    [Fact]
    public async Task An_unknown_format_is_named() =>
        Assert.Equal(
            new CommandResult(1, "", "Error outputting enhanced snapshot data: Unknown format: xml\n"),
            await InspectAsync(Vectors.Path("vectors", "snapshot"), "-format=xml", "acl-connect.snap"));

    [Fact]
    public async Task A_file_that_is_not_there_is_named() =>
        Assert.Equal(new CommandResult(1, "", "Error opening snapshot file: open none.snap: no such file or directory\n"), await InspectAsync(_folder.Path, "none.snap"));

    [Fact]
    public async Task Exactly_one_file_is_taken()
    {
        Assert.Equal(new CommandResult(1, "", "Missing FILE argument\n"), await InspectAsync(_folder.Path));
        Assert.Equal(new CommandResult(1, "", "Too many arguments (expected 1, got 2)\n"), await InspectAsync(_folder.Path, "a", "b"));
    }

    [Fact]
    public async Task Every_cut_of_a_state_is_an_error_or_ends_at_a_record()
    {
        var archive = await File.ReadAllBytesAsync(Vectors.Path("vectors", "snapshot", "acl-connect.snap"), TestContext.Current.CancellationToken);
        var content = SnapshotArchive.Read(archive, int.MaxValue);
        var (whole, refused) = (0, 0);
        for (var length = 0; length < content.State.Length; length += 7)
        {
            var stats = new SnapshotStats(new KeyDetails(2, ""));
            try
            {
                stats.Add(content.State[..length]);
                Assert.Equal(length, stats.TotalSize);
                whole++;
            }
            catch (SnapshotExtractionException error)
            {
                Assert.EndsWith("EOF", error.Message);
                refused++;
            }
        }
        Assert.True(refused > whole);
    }

    [Fact]
    public async Task Keys_are_not_shown_when_none_has_the_prefix()
    {
        var plain = await InspectAsync(Vectors.Path("vectors", "snapshot"), "kv-900-keys.snap");
        Assert.Equal(plain, await InspectAsync(Vectors.Path("vectors", "snapshot"), "-kvdetails", "-kvfilter=nothing/", "kv-900-keys.snap"));
    }

    [Fact]
    public async Task A_record_that_is_no_value_is_an_error_with_its_kind()
    {
        // The header, then a key whose value begins with a byte that no value begins with.
        Pack("bad.snap", [0x81, 0xa9, .. "LastIndex"u8, 7, 2, 0xc1]);
        var result = await InspectAsync(_folder.Path, "bad.snap");
        Assert.StartsWith("Error extracting snapshot data: failed to decode msg type KVS, error ", result.Error);
        Assert.Equal((1, ""), (result.Exit, result.Out));
    }

    [Theory]
    [InlineData(997, "997B")]
    [InlineData(1024, "1KB")]
    [InlineData(1945, "1.9KB")]
    [InlineData(10 << 10, "10KB")]
    [InlineData((3 << 20) / 2, "1.5MB")]
    [InlineData(2L << 30, "2GB")]
    public void Sizes_have_one_decimal_at_most(long bytes, string text) => Assert.Equal(text, SnapshotReport.Size(bytes));

    private static Task<CommandResult> InspectAsync(string folder, params string[] arguments) => CommandRunner.RunAsync(folder, null, null, ["snapshot", "inspect", .. arguments]);

    private void Pack(string name, byte[] state)
    {
        var archive = new ArrayBufferWriter<byte>();
        SnapshotArchive.Write(archive, new ArchiveMeta { Id = "1-7-0", Index = 7, Term = 1 }, new ReadOnlySequence<byte>(state), WallTime.From(DateTimeOffset.UnixEpoch));
        File.WriteAllBytes(Path.Combine(_folder.Path, name), archive.WrittenSpan);
    }
}
