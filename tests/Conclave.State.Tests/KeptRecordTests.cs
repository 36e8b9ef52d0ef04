using System.Buffers;
using System.Text;
using System.Text.Json;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Tests.State;

/// <summary>Commands for tables that are kept without being acted on, and commands nobody knows.</summary>
public sealed class KeptRecordTests
{
    private readonly CommandApplier _applier = new(new StateRoot());
    private ulong _index;

    [Fact]
    public void Every_recorded_command_can_be_applied()
    {
        using var recorded = JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "raft", "commands.json")));
        var applied = 0;
        foreach (var vector in recorded.RootElement.GetProperty("vectors").EnumerateArray())
        {
            _applier.Apply(new LogIndex(++_index), Convert.FromHexString(vector.GetProperty("hex").GetString()!));
            applied++;
        }
        Assert.True(applied > 40);
        var root = _applier.Publish(out _);
        Assert.Equal(root.Digest, StateDump.Restore(StateDump.Snapshot(root)).Digest);
    }

    [Fact]
    public void An_unknown_command_stops_before_anything_changes_unless_it_may_be_skipped()
    {
        var before = _applier.Publish(out _);
        foreach (var type in (byte[])[10, 14, 15, 16, 29, 32, 43, 100, 127])
        {
            Assert.Throws<UnknownCommandException>(() => _applier.Apply(new LogIndex(_index + 1), (byte[])[type, 0x80]));
            Assert.Equal(ApplyResultKind.None, Apply([(byte)(type | 128), 0x80]).Kind);
        }
        var after = _applier.Publish(out _);
        Assert.Equal((before.Digest, _index), (after.Digest, after.LastIndex));
    }

    [Fact]
    public void A_known_command_with_the_skippable_bit_is_applied()
    {
        var command = CommandCodec.Encode(new KvRequest { Op = KvOps.Set, Entry = new KvEntry { Key = "k"u8.ToArray() } });
        command[0] |= 128;
        Apply(command);
        Assert.Equal(_index, _applier.Publish(out _).KvGet("k"u8, null, out var entry));
        Assert.NotNull(entry);
    }

    [Fact]
    public void A_body_that_cannot_be_read_changes_nothing()
    {
        Assert.Throws<MsgPackException>(() => _applier.Apply(new LogIndex(1), (byte[])[2, 0x82, 0xa2]));
        Assert.Throws<MsgPackException>(() => _applier.Apply(new LogIndex(1), ReadOnlyMemory<byte>.Empty));
        Assert.Throws<MsgPackException>(() => _applier.Apply(new LogEntry(new LogIndex(1), new Term(1), EntryType.Command, (byte[])[2], (byte[])[0x18, 0])));
        Assert.Throws<MsgPackException>(() => _applier.Apply(new LogEntry(new LogIndex(1), new Term(1), EntryType.Command, (byte[])[2], (byte[])[0x08])));
        Assert.Equal(0UL, _applier.Publish(out _).LastIndex);
    }

    [Fact]
    public void Entries_without_a_command_only_use_up_their_index()
    {
        foreach (var type in (EntryType[])[EntryType.Noop, EntryType.Barrier, EntryType.Configuration])
            Assert.Equal(ApplyResultKind.None, _applier.Apply(new LogEntry(new LogIndex(++_index), new Term(1), type, default)).Kind);
        Assert.Equal(3UL, _applier.Publish(out _).LastIndex);
    }

    [Fact]
    public void Roots_are_replaced_only_at_the_tables_index_and_with_one_active()
    {
        Assert.Equal("there must be exactly one active CA", Apply(CommandType.ConnectCA, ("Op", "set-roots"), ("Index", 0L), ("Roots", List())).Text);
        Assert.True(Apply(CommandType.ConnectCA, ("Op", "set-roots"), ("Index", 0L), ("Roots", List(Map(("ID", "one"), ("Active", true))))).Flag);
        var first = _index;
        Assert.False(Apply(CommandType.ConnectCA, ("Op", "set-roots"), ("Index", 0L), ("Roots", List(Map(("ID", "two"), ("Active", true))))).Flag);
        Assert.True(Apply(CommandType.ConnectCA, ("Op", "set-roots"), ("Index", (long)first), ("Roots", List(Map(("ID", "one"), ("Active", false)), Map(("ID", "two"), ("Active", true))))).Flag);
        var roots = Records(CommandType.ConnectCA);
        Assert.Equal([(first, _index), (_index, _index)], roots.Select(root => (root.CreateIndex, root.ModifyIndex)));
    }

    [Fact]
    public void Configuration_entries_compare_and_set()
    {
        Assert.False(Entry("upsert-cas", "web", 7).Flag);
        Assert.True(Entry("upsert-cas", "web", 0).Flag);
        var created = _index;
        Assert.False(Entry("upsert-cas", "web", 0).Flag);
        Assert.True(Entry("upsert-cas", "web", created).Flag);
        Assert.Equal([(created, _index)], Records(CommandType.ConfigEntry).Select(entry => (entry.CreateIndex, entry.ModifyIndex)));
        Entry("delete", "web", 0);
        Assert.Empty(Records(CommandType.ConfigEntry));
    }

    [Fact]
    public void Tokens_need_the_policies_they_name()
    {
        var token = Map(("AccessorID", "a"), ("SecretID", "s"), ("Policies", List(Map(("ID", "p")))));
        Assert.Equal("No such policy with ID: p", Apply(CommandType.AclTokenSet, ("Tokens", List(token))).Text);
        Apply(CommandType.AclPolicySet, ("Policies", List(Map(("ID", "p"), ("Name", "readers")))));
        Assert.Equal("A Policy with name \"readers\" already exists", Apply(CommandType.AclPolicySet, ("Policies", List(Map(("ID", "q"), ("Name", "readers"))))).Text);
        Assert.Equal(ApplyResultKind.None, Apply(CommandType.AclTokenSet, ("Tokens", List(token))).Kind);
        var stored = Assert.Single(Records(CommandType.AclTokenSet));
        Assert.Equal("readers", GenericTree.Text((MsgPackMap)GenericTree.List(stored.Fields, "Policies")[0]!, "Name"));
        Assert.Equal("The ACL Token SecretID field is immutable", Apply(CommandType.AclTokenSet, ("Tokens", List(Map(("AccessorID", "a"), ("SecretID", "t"))))).Text);
        Apply(CommandType.AclTokenDelete, ("TokenIDs", List("a")));
        Assert.Empty(Records(CommandType.AclTokenSet));
    }

    [Fact]
    public void The_first_management_token_is_made_once()
    {
        var token = Map(("AccessorID", "a"), ("SecretID", "s"));
        Assert.Equal(ApplyResultKind.None, Apply(CommandType.AclBootstrap, ("ResetIndex", 0L), ("Token", token)).Kind);
        var first = _index;
        Assert.Equal("ACL bootstrap no longer allowed", Apply(CommandType.AclBootstrap, ("ResetIndex", 0L), ("Token", token)).Text);
        Assert.Equal("Invalid bootstrap reset index", Apply(CommandType.AclBootstrap, ("ResetIndex", 999L), ("Token", token)).Text);
        Assert.Equal(ApplyResultKind.None, Apply(CommandType.AclBootstrap, ("ResetIndex", (long)first), ("Token", token)).Kind);
    }

    private ApplyResult Entry(string op, string name, ulong index)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(buffer);
        writer.Write("service-defaults");
        MsgPackTree.Write(ref writer, Map(("Op", op), ("Entry", Map(("Name", name), ("ModifyIndex", (long)index)))));
        writer.Flush();
        var outer = new ArrayBufferWriter<byte>();
        outer.Write([(byte)CommandType.ConfigEntry]);
        var outerWriter = new MsgPackWriter(outer);
        outerWriter.Write(buffer.WrittenSpan);
        outerWriter.Flush();
        return Apply(outer.WrittenSpan.ToArray());
    }

    private ApplyResult Apply(CommandType type, params (string, object?)[] fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write([(byte)type]);
        var writer = new MsgPackWriter(buffer);
        MsgPackTree.Write(ref writer, Map(fields));
        writer.Flush();
        return Apply(buffer.WrittenSpan.ToArray());
    }

    private ApplyResult Apply(byte[] command) => _applier.Apply(new LogIndex(++_index), command);

    private List<KeptRecord> Records(CommandType type)
    {
        var found = new List<KeptRecord>();
        foreach (var record in _applier.Publish(out _).Tables.Records.Scan([(byte)type])) found.Add(record);
        return found;
    }

    private static MsgPackMap Map(params (string Name, object? Value)[] fields) => new() { Fields = [.. fields.Select(field => KeyValuePair.Create(field.Name, Value(field.Value)))] };

    private static List<object?> List(params object?[] items) => [.. items.Select(Value)];

    private static object? Value(object? value) => value is string text ? new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(text)) : value;
}
