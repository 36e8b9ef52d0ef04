using System.Buffers;
using System.Text;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Tests;

namespace Conclave.Core.Tests.Codec;

/// <summary>Single values: what is written, and which forms are accepted.</summary>
public class MsgPackFormTests
{
    private delegate void WriteAction(ref MsgPackWriter writer);

    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7f")]
    [InlineData(128, "cc80")]
    [InlineData(255, "ccff")]
    [InlineData(256, "cd0100")]
    [InlineData(65_535, "cdffff")]
    [InlineData(65_536, "ce00010000")]
    [InlineData(4_294_967_296, "cf0000000100000000")]
    [InlineData(-1, "ff")]
    [InlineData(-32, "e0")]
    [InlineData(-33, "d0df")]
    [InlineData(-128, "d080")]
    [InlineData(-129, "d1ff7f")]
    [InlineData(-32_769, "d2ffff7fff")]
    [InlineData(long.MinValue, "d38000000000000000")]
    public void Whole_numbers_take_their_shortest_form(long value, string hex)
    {
        Assert.Equal(hex, Hex((ref MsgPackWriter w) => w.Write(value)));
        Assert.Equal(value, new MsgPackReader(Convert.FromHexString(hex)).ReadInt64());
    }

    [Theory]
    [InlineData("d07f", 127)]
    [InlineData("d10001", 1)]
    [InlineData("d200000001", 1)]
    [InlineData("d30000000000000001", 1)]
    [InlineData("cf0000000000000001", 1)]
    [InlineData("c0", 0)]
    public void Numbers_are_read_in_any_form(string hex, ulong value)
    {
        Assert.Equal(value, new MsgPackReader(Convert.FromHexString(hex)).ReadUInt64());
        Assert.Equal((long)value, new MsgPackReader(Convert.FromHexString(hex)).ReadInt64());
        Assert.Equal((double)value, new MsgPackReader(Convert.FromHexString(hex)).ReadDouble());
    }

    [Fact]
    public void Numbers_that_do_not_fit_are_refused()
    {
        Assert.Throws<MsgPackException>(() => new MsgPackReader([0xff]).ReadUInt64());
        Assert.Throws<MsgPackException>(() => new MsgPackReader([0xcf, 0xff, 0, 0, 0, 0, 0, 0, 0]).ReadInt64());
        Assert.Throws<MsgPackException>(() => new MsgPackReader([0xce, 0xff, 0, 0, 0]).ReadInt32());
        Assert.Throws<MsgPackException>(() => new MsgPackReader([0xcf, 0, 0, 0, 1, 0, 0, 0, 0]).ReadUInt32());
        Assert.Throws<MsgPackException>(() => new MsgPackReader([0xa1, 0x31]).ReadInt64());
    }

    [Theory]
    [InlineData(0, "a0")]
    [InlineData(31, "bf")]
    [InlineData(32, "da0020")]
    [InlineData(255, "da00ff")]
    [InlineData(65_535, "daffff")]
    [InlineData(65_536, "db00010000")]
    public void Text_never_has_the_newer_headers(int length, string header)
    {
        string text = new('x', length);
        string hex = Hex((ref MsgPackWriter w) => w.Write(text));
        Assert.StartsWith(header, hex);
        Assert.Equal(hex, Hex((ref MsgPackWriter w) => w.Write(Encoding.UTF8.GetBytes(text))));
        Assert.Equal(text, new MsgPackReader(Convert.FromHexString(hex)).ReadText());
        Assert.Equal(hex.Length / 2, MsgPackWriter.SizeOfText(length));
    }

    [Fact]
    public void Bytes_accept_both_families_and_text_only_its_own()
    {
        foreach (string hex in (string[])["a26869", "d9026869", "da00026869", "db000000026869", "c4026869", "c500026869", "c6000000026869"])
        {
            var bytes = Convert.FromHexString(hex);
            Assert.Equal("hi"u8, new MsgPackReader(bytes).ReadBytesSpan());
            if (bytes[0] is >= 0xc4 and <= 0xc6) Assert.Throws<MsgPackException>(() => new MsgPackReader(bytes).ReadText());
            else Assert.Equal("hi", new MsgPackReader(bytes).ReadText());
        }
    }

    [Theory]
    [InlineData(15, "9f", "8f")]
    [InlineData(16, "dc0010", "de0010")]
    [InlineData(65_536, "dd00010000", "df00010000")]
    public void Counts_take_their_shortest_form(int count, string array, string map)
    {
        Assert.Equal(array, Hex((ref MsgPackWriter w) => w.WriteArrayHeader(count)));
        Assert.Equal(map, Hex((ref MsgPackWriter w) => w.WriteMapHeader(count)));
    }

    [Fact]
    public void Nil_is_the_zero_value_of_everything()
    {
        byte[] nil = [0xc0];
        Assert.Equal("", new MsgPackReader(nil).ReadText());
        Assert.False(new MsgPackReader(nil).ReadBool());
        Assert.Equal(0, new MsgPackReader(nil).ReadMapHeader());
        Assert.Equal(0, new MsgPackReader(nil).ReadArrayHeader());
        Assert.Null(new MsgPackReader(nil).ReadBytes());
        Assert.True(new MsgPackReader(nil).ReadTime().IsZero);
        Assert.False(new MsgPackReader(nil).TryReadMemory(out _));
    }

    [Fact]
    public void Floats_are_written_wide_and_read_in_both_widths()
    {
        Assert.Equal("cb3ff8000000000000", Hex((ref MsgPackWriter w) => w.Write(1.5)));
        Assert.Equal(1.5, new MsgPackReader([0xca, 0x3f, 0xc0, 0, 0]).ReadDouble());
        Assert.Equal(-3, new MsgPackReader([0xfd]).ReadDouble());
    }

    [Fact]
    public void Times_are_fifteen_bytes_with_the_zone_kept()
    {
        var time = MsgPackTime.From(new WallTime(1_795_168_199_724_000_001));
        string hex = Hex((ref MsgPackWriter w) => w.Write(time));
        Assert.StartsWith("af01", hex);
        Assert.EndsWith("ffff", hex);
        var read = new MsgPackReader(Convert.FromHexString(hex)).ReadTime();
        Assert.Equal(time, read);
        Assert.True(read.TryToWallTime(out var wall));
        Assert.Equal(1_795_168_199_724_000_001, wall.UnixNanoseconds);
        Assert.Equal("af01" + new string('0', 24) + "ffff", Hex((ref MsgPackWriter w) => w.Write(MsgPackTime.Zero)));
        Assert.False(MsgPackTime.Zero.TryToWallTime(out _));
        Assert.Throws<MsgPackException>(() => new MsgPackReader([0xa1, 1]).ReadTime());
    }

    [Fact]
    public void Times_before_1970_survive() => Property.Check<long>(nanoseconds =>
        MsgPackTime.From(new WallTime(nanoseconds)).TryToWallTime(out var wall) && wall.UnixNanoseconds == nanoseconds);

    [Fact]
    public void Wrong_kinds_are_refused_with_their_place()
    {
        var refused = Assert.Throws<MsgPackException>(() => { var r = new MsgPackReader([0x01, 0xa1, 0x61]); r.ReadUInt64(); r.ReadBool(); });
        Assert.Equal(1, refused.Offset);
        Assert.Contains("0xa1", refused.Message);
        Assert.Throws<MsgPackException>(() => new MsgPackReader([0xc1]).Skip());
        Assert.Throws<MsgPackException>(() => new MsgPackReader([0xd4, 0, 0]).Skip());
    }

    [Fact]
    public void Real_maps_are_written_sorted_by_their_bytes()
    {
        // U+10000 comes after U+FFFF in UTF-8 and before it in UTF-16.
        var map = new Dictionary<string, string> { ["\ud800\udc00"] = "3", ["\uffff"] = "2", ["a"] = "1" };
        var bytes = Convert.FromHexString(Hex((ref MsgPackWriter w) => w.Write(map)));
        var reader = new MsgPackReader(bytes);
        Assert.Equal(["a", "\uffff", "\ud800\udc00"], MsgPackCollections.ReadTextMap(ref reader)!.Keys);
    }

    [Fact]
    public void Repeated_keys_leave_the_last_value() => Property.Check<KeyValuePair<byte, int>[]>(pairs =>
    {
        var model = new SortedDictionary<string, int>(Utf8Order.Instance);
        foreach (var (key, value) in pairs ?? []) model[key.ToString()] = value;
        var map = TextMap<int>.From((pairs ?? []).Select(pair => KeyValuePair.Create(pair.Key.ToString(), pair.Value)));
        return map.SequenceEqual(model) && model.All(pair => map[pair.Key] == pair.Value) && !map.ContainsKey("x");
    });

    [Fact]
    public void Utf8_order_is_the_order_of_the_bytes() => Property.Check<string[]>(texts =>
    {
        var all = (texts ?? []).Where(text => text is not null).Select(text => new string([.. text.Where(c => !char.IsSurrogate(c))])).Append("\ud83d\ude00").Append("\uffee").ToArray();
        return all.All(a => all.All(b => Math.Sign(Utf8Order.Instance.Compare(a, b)) == Math.Sign(Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)))));
    });

    [Fact]
    public void Scanning_costs_one_step_per_byte_however_the_input_is_cut()
    {
        byte[] value = [0x92, 0xda, 0x01, 0x00, .. new byte[256], 0xcf, .. new byte[8]];
        var scanner = new MsgPackScanner(value.Length);
        for (int i = 0; i < value.Length; i++)
        {
            Assert.False(scanner.IsComplete);
            scanner.Scan(value.AsSpan(i, 1));
            Assert.Equal(i + 1, scanner.BytesScanned);
        }
        Assert.True(scanner.IsComplete);
        Assert.True(scanner.Scan([1, 2, 3]));
        Assert.Equal(value.Length, scanner.BytesScanned);
    }

    private static string Hex(WriteAction write)
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        write(ref writer);
        writer.Flush();
        return Convert.ToHexStringLower(buffer.WrittenSpan);
    }
}
