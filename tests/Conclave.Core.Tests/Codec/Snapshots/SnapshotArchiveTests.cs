using System.Buffers;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Conclave.Core.Codec;
using Conclave.Tests;

namespace Conclave.Core.Tests.Codec.Snapshots;

public class SnapshotArchiveTests
{
    private const int UnpackedBytesMax = 16 << 20;
    private const string InspectPrefix = "Error reading snapshot: ";

    public static TheoryData<string> Archives => [.. SnapshotStates.Names];

    // What real servers and their command line said about each archive.
    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            using var document = JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "snapshot", "cases.json")));
            foreach (var recorded in document.RootElement.EnumerateObject())
            {
                string lastLine = recorded.Value.GetProperty("inspect_stderr").GetString()!.TrimEnd().Split('\n')[^1];
                string reading = lastLine.StartsWith(InspectPrefix, StringComparison.Ordinal) ? lastLine[InspectPrefix.Length..] : "";
                string body = recorded.Value.GetProperty("restore_body").GetString()!;
                data.Add(recorded.Name, reading, body.StartsWith("Raft error", StringComparison.Ordinal) ? body : "");
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Damaged_archives_are_refused_in_the_recorded_words(string name, string whenRead, string whenRestored)
    {
        var archive = Load($"case-{name}.snap");
        if (whenRead.Length > 0)
        {
            Assert.Equal(whenRead, Assert.Throws<SnapshotRefusedException>(() => SnapshotArchive.Read(archive, UnpackedBytesMax)).Message);
            return;
        }
        var content = SnapshotArchive.Read(archive, UnpackedBytesMax);
        if (whenRestored.Length == 0) SnapshotArchive.CheckForRestore(content);
        else Assert.Equal(whenRestored, Assert.Throws<SnapshotRefusedException>(() => SnapshotArchive.CheckForRestore(content)).Message);
    }

    [Theory]
    [InlineData("unknown-record-type")]
    [InlineData("ignorable-flag-record")]
    [InlineData("state-cut")]
    [InlineData("empty-state")]
    public void States_that_crash_real_servers_are_seen_record_by_record(string name)
    {
        var rest = new ReadOnlySequence<byte>(SnapshotArchive.Read(Load($"case-{name}.snap"), UnpackedBytesMax).State);
        var reader = new SnapshotRecordReader(UnpackedBytesMax);
        bool whole = reader.TryReadHeader(ref rest, out _);
        while (whole && reader.TryRead(ref rest, out byte type, out _)) whole = SnapshotRecordTypes.IsLegal(type);
        Assert.False(whole && rest.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Archives))]
    public void Recorded_archives_are_read(string name)
    {
        var content = SnapshotArchive.Read(Load(name), UnpackedBytesMax);
        SnapshotArchive.CheckForRestore(content);
        Assert.Equal(SnapshotStates.Load(name), content.State.ToArray());
        Assert.Equal($"{content.Meta.Term}-{content.Meta.Index}", content.Meta.Id[..content.Meta.Id.LastIndexOf('-')]);
        Assert.All(content.Meta.Servers, server => Assert.EndsWith(":8300", server.Address));
    }

    [Theory]
    [MemberData(nameof(Archives))]
    public void What_is_written_is_read_again_and_has_the_recorded_description(string name)
    {
        var original = SnapshotArchive.Read(Load(name), UnpackedBytesMax);
        var archive = Write(original.Meta, original.State);
        var again = SnapshotArchive.Read(archive, UnpackedBytesMax);
        Assert.Equal(original.State.ToArray(), again.State.ToArray());
        Assert.Equal(Unpack(Load(name))["meta.json"], Unpack(archive)["meta.json"]);
    }

    [Fact]
    public void The_platforms_own_readers_understand_what_is_written()
    {
        var archive = Write(new() { Id = "2-7-1", Index = 7, Term = 2, Servers = [new(0, "id", "10.0.0.1:8300")] }, new byte[700]);
        var files = Unpack(archive);
        Assert.Equal(["meta.json", "state.bin", "SHA256SUMS"], files.Keys);
        Assert.Equal("{\"Version\":1,\"ID\":\"2-7-1\",\"Index\":7,\"Term\":2,\"Peers\":\"ka0xMC4wLjAuMTo4MzAw\",\"Configuration\":{\"Servers\":[{\"Suffrage\":0,\"ID\":\"id\",\"Address\":\"10.0.0.1:8300\"}]},\"ConfigurationIndex\":0,\"Size\":700}\n", files["meta.json"]);
        Assert.Equal(2, files["SHA256SUMS"].Count(c => c == '\n'));
    }

    [Fact]
    public void The_same_state_gives_the_same_bytes()
    {
        var meta = new ArchiveMeta { Id = "1-1-1" };
        Assert.Equal(Write(meta, new byte[100]), Write(meta, new byte[100]));
    }

    [Fact]
    public void Every_truncation_is_refused_and_no_damaged_byte_changes_the_content()
    {
        var archive = Load("fresh-single-server.snap");
        var state = SnapshotStates.Load("fresh-single-server.snap");
        for (int length = 0; length < archive.Length; length++)
            Assert.Throws<SnapshotRefusedException>(() => SnapshotArchive.Read(archive.AsSpan(0, length), UnpackedBytesMax));
        for (int at = 0; at < archive.Length; at++)
        {
            // A few bits mean nothing: parts of the gzip header, and those that fill up a byte before a stored block.
            archive[at] ^= 0x20;
            Assert.True(IsRefusedOrSame(archive, state), $"damage at {at} of {archive.Length} went unnoticed");
            archive[at] ^= 0x20;
        }
    }

    [Fact]
    public void Archives_that_unpack_to_more_than_allowed_are_refused()
    {
        var archive = Write(new(), new byte[10 << 20]);
        Assert.True(archive.Length < 200_000);
        Assert.Contains("larger than allowed", Assert.Throws<SnapshotRefusedException>(() => SnapshotArchive.Read(archive, 1 << 20)).Message);
    }

    private static bool IsRefusedOrSame(byte[] archive, byte[] state)
    {
        try
        {
            return SnapshotArchive.Read(archive, UnpackedBytesMax).State.Span.SequenceEqual(state);
        }
        catch (SnapshotRefusedException)
        {
            return true;
        }
    }

    private static byte[] Load(string name) => File.ReadAllBytes(Vectors.Path("vectors", "snapshot", name));

    private static byte[] Write(ArchiveMeta meta, ReadOnlyMemory<byte> state)
    {
        using var buffer = new PooledBuffer();
        SnapshotArchive.Write(buffer, meta, Pieces.OfSize(state, 1000), new WallTime(1_795_168_199_000_000_000));
        return buffer.ToArray();
    }

    private static Dictionary<string, string> Unpack(byte[] archive)
    {
        var files = new Dictionary<string, string>();
        using var gzip = new GZipStream(new MemoryStream(archive), CompressionMode.Decompress);
        using var tar = new TarReader(gzip);
        while (tar.GetNextEntry(copyData: true) is { } entry)
        {
            Assert.Equal((UnixFileMode.UserRead | UnixFileMode.UserWrite, 0, 0), (entry.Mode, entry.Uid, entry.Gid));
            using var text = new StreamReader(entry.DataStream!, Encoding.Latin1);
            files.Add(entry.Name, text.ReadToEnd());
        }
        return files;
    }
}
