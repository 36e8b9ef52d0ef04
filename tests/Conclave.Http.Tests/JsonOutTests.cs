using System.Text;
using System.Text.Json;
using Conclave.Http.Json;
using Conclave.Tests;

namespace Conclave.Http.Tests;

public sealed class JsonOutTests
{
    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("", "\"\"")]
    [InlineData("<a href='x'>&", "\"\\u003ca href='x'\\u003e\\u0026\"")]
    [InlineData("tab\tline\ncr\rquote\"back\\", "\"tab\\tline\\ncr\\rquote\\\"back\\\\\"")]
    [InlineData("\b\f\u0001\u001f\u007f", "\"\\u0008\\u000c\\u0001\\u001f\u007f\"")]
    [InlineData("gr\u00fc\u00df \u4f60 \ud83d\ude00", "\"gr\u00fc\u00df \u4f60 \ud83d\ude00\"")]
    [InlineData("\u2028\u2029", "\"\\u2028\\u2029\"")]
    public void Texts_are_escaped_as_the_peer_does(string text, string json) => Assert.Equal(json, Write(pretty: false, o => o.String(text)));

    [Fact]
    public void Half_a_surrogate_pair_becomes_a_replacement() => Assert.Equal("\"half \ufffd end\"", Write(pretty: false, static o => o.String("half \ud83d end")));

    [Fact]
    public void Malformed_bytes_become_one_replacement_each() =>
        Assert.Equal("\"a\\ufffd\\ufffdb\\ufffd\"", Write(pretty: false, static o => o.String([(byte)'a', 0xff, 0xc3, (byte)'b', 0xe4])));

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(1.5, "1.5")]
    [InlineData(-0.1, "-0.1")]
    [InlineData(1e-5, "0.00001")]
    [InlineData(1.25e-6, "0.00000125")]
    [InlineData(1e-7, "1e-7")]
    [InlineData(-1.5e-9, "-1.5e-9")]
    [InlineData(2.5e-10, "2.5e-10")]
    [InlineData(1e20, "100000000000000000000")]
    [InlineData(123456789012345680.0, "123456789012345680")]
    [InlineData(1e21, "1e+21")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    public void Numbers_look_as_the_peer_prints_them(double value, string json) => Assert.Equal(json, Write(pretty: false, o => o.Number(value)));

    [Fact]
    public void Any_number_reads_back_the_same() =>
        Property.Check<double>(value => !double.IsFinite(value) || double.Parse(Write(pretty: false, o => o.Number(value)), System.Globalization.CultureInfo.InvariantCulture) == value);

    [Fact]
    public void Any_text_reads_back_the_same() =>
        Property.Check<string?>(text => text is null || JsonSerializer.Deserialize<string>(Write(pretty: false, o => o.String(text))) == Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Compact_form_has_no_spaces() => Assert.Equal("{\"A\":[1,2],\"B\":{},\"C\":[],\"D\":null,\"E\":{\"k\":true}}", Write(pretty: false, Sample));

    [Fact]
    public void Pretty_form_indents_by_four_and_ends_with_a_line_break() => Assert.Equal(
        "{\n    \"A\": [\n        1,\n        2\n    ],\n    \"B\": {},\n    \"C\": [],\n    \"D\": null,\n    \"E\": {\n        \"k\": true\n    }\n}\n", Write(pretty: true, Sample));

    [Fact]
    public void Base64_of_every_length_is_exact()
    {
        for (var length = 0; length < 300; length++)
        {
            var value = new byte[length];
            for (var i = 0; i < length; i++) value[i] = (byte)(i * 7);
            Assert.Equal("\"" + Convert.ToBase64String(value) + "\"", Write(pretty: false, o => o.Base64(value)));
        }
    }

    private static void Sample(JsonOut json)
    {
        json.BeginObject();
        json.Name("A"u8);
        json.BeginArray();
        json.Number(1);
        json.Number(2UL);
        json.EndArray();
        json.Name("B"u8);
        json.BeginObject();
        json.EndObject();
        json.Name("C"u8);
        json.BeginArray();
        json.EndArray();
        json.Name("D"u8);
        json.Null();
        json.Name("E"u8);
        json.BeginObject();
        json.Name("k");
        json.Bool(true);
        json.EndObject();
        json.EndObject();
    }

    private static string Write(bool pretty, Action<JsonOut> write)
    {
        var json = new JsonOut();
        json.Reset(pretty);
        write(json);
        json.Finish();
        var text = Encoding.UTF8.GetString(json.Written);
        json.Release();
        return text;
    }
}
