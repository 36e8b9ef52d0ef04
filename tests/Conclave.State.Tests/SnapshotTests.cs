using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Tests.State;

public sealed class SnapshotTests
{
    private static readonly string[] Recorded = ["acl-connect", "catalog-queries-config", "fresh-single-server", "kv-900-keys", "kv-sessions-tombstones", "three-servers"];

    public static TheoryData<string> Archives => [.. Recorded, .. (string[])
        ["case-gnu-format-ok", "case-pax-format-ok", "case-reordered-ok", "case-repacked-ok", "case-state-str8-ok", "case-sums-first-ok", "case-sums-swapped-ok", "case-header-only"]];

    public static TheoryData<string> RecordedArchives => [.. Recorded];

    [Theory]
    [MemberData(nameof(Archives))]
    public void An_archive_comes_back_as_it_was(string name)
    {
        var state = StateOf(name);
        var root = StateDump.Restore(state);
        var written = StateDump.Snapshot(root);
        Assert.Equal(StateDump.Lines(state), StateDump.Lines(written));
        var again = StateDump.Restore(written);
        Assert.Equal((root.Digest, root.LastIndex), (again.Digest, again.LastIndex));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public void A_stream_may_come_in_pieces_of_any_size(int piece)
    {
        var state = StateOf("catalog-queries-config");
        Assert.Equal(StateDump.Restore(state).Digest, StateDump.Restore(state, piece).Digest);
    }

    [Theory]
    [MemberData(nameof(RecordedArchives))]
    public void Queries_on_a_restored_state_answer_as_recorded(string name)
    {
        var root = StateDump.Restore(StateOf(name));
        using var recorded = JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "snapshot", name + ".json")));
        Assert.Equal(Rows(recorded, "kv", "Key", "ModifyIndex", "LockIndex", "Flags", "Value"), Keys(root));
        Assert.Equal(Rows(recorded, "nodes", "Node", "ID", "Address", "CreateIndex", "ModifyIndex"), Nodes(root));
        Assert.Equal(Rows(recorded, "sessions", "ID", "Name", "Node", "LockDelay", "Behavior", "TTL", "ModifyIndex"), Sessions(root));
        Assert.Equal(Rows(recorded, "checks", "Node", "CheckID", "Status", "ServiceName", "Output", "ModifyIndex"), Checks(root));
        var services = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        root.Services(null, null, services);
        Assert.Equal(
            recorded.RootElement.GetProperty("services").EnumerateObject().Select(each => (each.Name, string.Join(",", each.Value.EnumerateArray().Select(tag => tag.GetString()).Order(StringComparer.Ordinal)))).OrderBy(each => each.Name, StringComparer.Ordinal),
            services.Select(each => (each.Key, string.Join(",", each.Value))));
    }

    [Fact]
    public void A_snapshot_shows_the_state_it_began_with_while_writes_go_on()
    {
        var state = new StateFixture();
        for (var i = 0; i < 100; i++) state.Kv(KvOps.Set, "k/" + i, "old");
        var (root, lines) = (state.Root, StateDump.Lines(state.Root));
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(root);
        for (var i = 0; writer.Write(output, 100); i++) state.Kv(KvOps.Set, "k/" + i % 100, "new" + i);
        Assert.Equal(lines, StateDump.Lines(output.WrittenSpan.ToArray()));
    }

    [Fact]
    public void Unknown_records_cut_streams_and_empty_ones_are_refused()
    {
        Assert.Contains("unknown type 99", Refusal(StateOf("case-unknown-record-type")), StringComparison.Ordinal);
        Assert.Contains("ends within", Refusal(StateOf("case-state-cut")), StringComparison.Ordinal);
        Assert.Contains("no header", Refusal(StateOf("case-empty-state")), StringComparison.Ordinal);
        Assert.Contains("unknown type", Refusal(StateOf("case-ignorable-flag-record")), StringComparison.Ordinal);
        var whole = StateOf("kv-sessions-tombstones");
        for (var length = 0; length < 300; length++)
            if (Refusal(whole[..length]) is { } refusal) Assert.NotEmpty(refusal);
    }

    [Fact]
    public void Damage_anywhere_is_refused_or_gives_another_state()
    {
        var whole = StateOf("catalog-queries-config");
        var (digest, refused, other) = (StateDump.Restore(whole).Digest, 0, 0);
        for (var at = 0; at < whole.Length; at += 41)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0x55;
            // Any exception but the refusal fails the test here.
            if (Refusal(damaged) is not null) refused++;
            else if (StateDump.Restore(damaged).Digest != digest) other++;
        }
        // Some bytes do not count: field names that become unknown, the header's index.
        Assert.True(refused > 50 && other > 500, $"{refused} refused, {other} other states of {whole.Length / 41}");
    }

    [Fact]
    public void Pieces_of_a_large_command_survive_a_snapshot()
    {
        var applier = new CommandApplier(new StateRoot());
        var command = Core.Codec.CommandCodec.Encode(new KvRequest { Op = KvOps.Set, Entry = new KvEntry { Key = "big"u8.ToArray(), Value = new byte[1000], HasValue = true } });
        applier.Apply(Piece(5, 0, command.AsMemory(0, 400)));
        var root = StateDump.Restore(StateDump.Snapshot(applier.Publish(out _)));
        applier = new CommandApplier(root);
        applier.Apply(Piece(6, 2, command.AsMemory(800)));
        root = applier.Publish(out _);
        root.KvGet("big"u8, null, out var missing);
        Assert.Null(missing);
        applier.Apply(Piece(7, 1, command.AsMemory(400, 400)));
        root = applier.Publish(out _);
        Assert.Equal(7UL, root.KvGet("big"u8, null, out var entry));
        Assert.Equal(1000, entry!.Value.Length);
        Assert.Equal(0, root.Tables.Chunks.Count);
    }

    [Fact]
    public void A_change_of_term_drops_unfinished_pieces()
    {
        var applier = new CommandApplier(new StateRoot());
        var command = Core.Codec.CommandCodec.Encode(new KvRequest { Op = KvOps.Set, Entry = new KvEntry { Key = "big"u8.ToArray(), Value = new byte[1000], HasValue = true } });
        applier.Apply(Piece(5, 0, command.AsMemory(0, 400)));
        applier.Apply(Piece(6, 1, command.AsMemory(400, 400)));
        applier.Apply(Piece(7, 2, command.AsMemory(800), term: 2));
        var root = applier.Publish(out _);
        root.KvGet("big"u8, null, out var entry);
        Assert.Null(entry);
        Assert.Equal(1, root.Tables.Chunks.Count);
    }

    private static LogEntry Piece(ulong index, byte sequence, ReadOnlyMemory<byte> data, ulong term = 1) =>
        new(new LogIndex(index), new Term(term), EntryType.Command, data, (byte[])[0x08, 0x2a, .. sequence == 0 ? (byte[])[] : [0x10, sequence], 0x18, 3]);

    private static string? Refusal(byte[] state)
    {
        try
        {
            StateDump.Restore(state);
            return null;
        }
        catch (SnapshotException refused)
        {
            return refused.Message;
        }
    }

    private static List<string> Rows(JsonDocument recorded, string table, params string[] fields) =>
        [.. recorded.RootElement.GetProperty(table).EnumerateArray().Select(row => string.Join("|", fields.Select(field => row.TryGetProperty(field, out var value) ? value.ToString() : ""))).Order(StringComparer.Ordinal)];

    private static List<string> Keys(StateRoot root)
    {
        var entries = new List<KvEntry>();
        root.KvList([], null, entries);
        return [.. entries.Select(e => $"{System.Text.Encoding.UTF8.GetString(e.Key)}|{e.ModifyIndex}|{e.LockIndex}|{e.Flags}|{(e.HasValue ? Convert.ToBase64String(e.Value.Span) : "")}").Order(StringComparer.Ordinal)];
    }

    private static List<string> Nodes(StateRoot root)
    {
        var nodes = new List<NodeEntry>();
        root.Nodes(null, null, nodes);
        return [.. nodes.Select(n => $"{n.Name}|{n.Id}|{n.Address}|{n.CreateIndex}|{n.ModifyIndex}").Order(StringComparer.Ordinal)];
    }

    private static List<string> Sessions(StateRoot root)
    {
        var sessions = new List<Session>();
        root.SessionList(null, sessions);
        return [.. sessions.Select(s => $"{s.Id}|{s.Name}|{s.Node}|{s.LockDelayNanoseconds}|{s.Behavior}|{s.Ttl}|{s.ModifyIndex}").Order(StringComparer.Ordinal)];
    }

    private static List<string> Checks(StateRoot root)
    {
        var checks = new List<HealthCheck>();
        root.ChecksInState(HealthStatus.Any, null, null, checks);
        return [.. checks.Select(c => $"{c.Node}|{c.CheckId}|{c.Status}|{c.ServiceName}|{c.Output}|{c.ModifyIndex}").Order(StringComparer.Ordinal)];
    }

    private static byte[] StateOf(string name)
    {
        using var file = File.OpenRead(Vectors.Path("vectors", "snapshot", name + ".snap"));
        using var tar = new TarReader(new GZipStream(file, CompressionMode.Decompress));
        while (tar.GetNextEntry(copyData: true) is { } entry)
        {
            if (entry.Name != "state.bin") continue;
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            return content.ToArray();
        }
        return [];
    }
}
