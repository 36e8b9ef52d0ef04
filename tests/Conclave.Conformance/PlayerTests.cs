using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Conclave.Conformance.Player;

namespace Conclave.Conformance;

/// <summary>The player itself: a matcher that accepts everything would make every case pass.</summary>
public sealed class PlayerTests
{
    private static readonly Dictionary<string, string> s_facts = new() { ["node"] = "n.1" };

    [Theory]
    [InlineData("""{"a":1}""", """{"a":1}""")]
    [InlineData("""{"a":1.0}""", """{"a":1}""")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("\"${agent:node}\"", "\"n.1\"")]
    [InlineData("\"${other}\"", "\"${other}\"")]
    [InlineData("""{"${agent:node}":[]}""", """{"n.1":[]}""")]
    [InlineData("""{"a":{"$absent":true}}""", "{}")]
    [InlineData("""{"a":{"$optional":1}}""", "{}")]
    [InlineData("""{"a":{"$optional":1}}""", """{"a":1}""")]
    [InlineData("""{"$any":"uuid"}""", "\"01234567-89ab-cdef-0123-456789abcdef\"")]
    [InlineData("""{"$any":"duration"}""", "\"1m30.5s\"")]
    [InlineData("""{"$any":"time"}""", "\"2021-05-04T03:02:01.123456789Z\"")]
    [InlineData("""{"$any":"index"}""", "\"12\"")]
    [InlineData("""{"$any":"base64"}""", "\"\"")]
    [InlineData("""{"$regex":"${agent:node}:\\d+"}""", "\"n.1:80\"")]
    [InlineData("""{"$regex":"a.c"}""", "\"a\\nc\"")]
    [InlineData("""{"$has":{"a":1}}""", """{"a":1,"b":2}""")]
    [InlineData("""{"$unordered":[{"$any":"int"},1]}""", "[1,2]")]
    [InlineData("""{"$contains":[2]}""", "[1,2,3]")]
    [InlineData("""{"$each":{"$any":"int"}}""", "[1,2]")]
    [InlineData("""{"$len":2}""", """{"a":1,"b":2}""")]
    [InlineData("""{"$range":[1,null]}""", "\"7\"")]
    [InlineData("""{"$oneof":[1,2]}""", "2")]
    [InlineData("""{"$not":1}""", "2")]
    [InlineData("""[{"$index":"b"},{"$index":"a"},{"$index":"b"}]""", "[9,3,9]")]
    [InlineData("""[{"$capture":"x","$any":"int"},{"$ref":"x"}]""", "[5,5]")]
    public void Expectation_fits(string expected, string got) => Assert.Null(Match(expected, got));

    [Theory]
    [InlineData("""{"a":1}""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":1}""", "{}")]
    [InlineData("null", "[]")]
    [InlineData("[]", "null")]
    [InlineData("true", "1")]
    [InlineData("1", "\"1\"")]
    [InlineData("18446744073709551615", "18446744073709551614")]
    [InlineData("[1,2]", "[2,1]")]
    [InlineData("[1]", "[1,2]")]
    [InlineData("\"${agent:node}\"", "\"nx1\"")]
    [InlineData("""{"a":{"$absent":true}}""", """{"a":null}""")]
    [InlineData("""{"a":{"$optional":1}}""", """{"a":null}""")]
    [InlineData("""{"a":{"$any":"any"}}""", "{}")]
    [InlineData("""{"$any":"uuid"}""", "\"01234567-89AB-cdef-0123-456789abcdef\"")]
    [InlineData("""{"$any":"int"}""", "1.5")]
    [InlineData("""{"$any":"index"}""", "0")]
    [InlineData("""{"$any":"nonempty"}""", "\"\"")]
    [InlineData("""{"$any":"base64"}""", "\"a b=\"")]
    [InlineData("""{"$regex":"${agent:node}:\\d+"}""", "\"nx1:80\"")]
    [InlineData("""{"$regex":"abc"}""", "\"abcd\"")]
    [InlineData("""{"$unordered":[1,1]}""", "[1,2]")]
    [InlineData("""{"$contains":[2,2]}""", "[1,2,3]")]
    [InlineData("""{"$each":1}""", "[1,2]")]
    [InlineData("""{"$range":[null,3]}""", "4")]
    [InlineData("""{"$oneof":[1,2]}""", "3")]
    [InlineData("""{"$not":{"$any":"int"}}""", "2")]
    [InlineData("""[{"$index":"b"},{"$index":"a"}]""", "[3,9]")]
    [InlineData("""[{"$index":"a"},{"$index":"a"}]""", "[3,4]")]
    [InlineData("""[{"$capture":"x"},{"$ref":"x"}]""", "[5,6]")]
    public void Expectation_does_not_fit(string expected, string got) => Assert.NotNull(Match(expected, got));

    [Fact]
    public void Assignment_takes_back_a_choice_that_leads_nowhere() =>
        Assert.Null(Match("""{"$unordered":[{"$oneof":[1,2]},{"$capture":"x","$any":"int"},1]}""", "[1,2,3]"));

    [Fact]
    public void Failed_alternative_leaves_no_trace() =>
        Assert.Null(Match("""[{"$oneof":[[{"$index":"a"},0],[{"$any":"int"},{"$index":"a"}]]},{"$index":"a"}]""", "[[7,8],8]"));

    [Fact]
    public async Task Target_leaves_untouched()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = AnswerOnceAsync(listener, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n");
        var client = new RawHttpClient((IPEndPoint)listener.LocalEndpoint);
        var answer = await client.SendAsync(RawRequest.Get("/v1/kv/a%2Fb/../c//d?x=%20"), TestContext.Current.CancellationToken);
        Assert.Equal("abcde", answer.Text);
        Assert.StartsWith("GET /v1/kv/a%2Fb/../c//d?x=%20 HTTP/1.1\r\n", await server);
    }

    private static async Task<string> AnswerOnceAsync(TcpListener listener, string answer)
    {
        using var socket = await listener.AcceptSocketAsync();
        var buffer = new byte[4096];
        var read = await socket.ReceiveAsync(buffer);
        await socket.SendAsync(Encoding.Latin1.GetBytes(answer));
        return Encoding.Latin1.GetString(buffer, 0, read);
    }

    private static Mismatch? Match(string expected, string got) => Matcher.Match(Parse(expected), Parse(got), "$", new PlayState(s_facts));

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
