using System.Text;
using Conclave.Node;
using Conclave.Raft;

namespace Conclave.Tests.Recovery;

public sealed class PeersFileTests
{
    private static readonly RaftServer Self = new("me", "127.0.0.1:8300", Suffrage.Voter);
    private static readonly Configuration Known = new([new RaftServer("old-me", "127.0.0.1:8300", Suffrage.Voter), new RaftServer("b", "127.0.0.2:8300", Suffrage.Nonvoter)]);

    [Theory]
    [InlineData("""[{"id":"a","address":"1:1"}]""", "a 1:1 Voter")]
    [InlineData(""" [ {"address":"1:1","id":"a","non_voter":false,"more":{"x":[1,{}]}}, {"ID":"b","Address":"2:2","Non_Voter":true} ] """, "a 1:1 Voter, b 2:2 Nonvoter")]
    [InlineData("""[{"id":"a","address":"1:1","non_voter":null},{"id":"x","id":"b","address":"2:2"}]""", "a 1:1 Voter, b 2:2 Voter")]
    [InlineData("""["127.0.0.2:8300"]""", "b 127.0.0.2:8300 Voter")]
    [InlineData("""["127.0.0.1:8300","127.0.0.3:8300"]""", "me 127.0.0.1:8300 Voter, 127.0.0.3:8300 127.0.0.3:8300 Voter")]
    public void Both_forms_are_understood(string json, string servers)
    {
        var parts = new List<string>();
        foreach (var server in Read(json).Servers) parts.Add($"{server.Id} {server.Address} {server.Suffrage}");
        Assert.Equal(servers, string.Join(", ", parts));
    }

    [Theory]
    [InlineData("", "EOF")]
    [InlineData(" \n", "EOF")]
    [InlineData("[", "unexpected EOF")]
    [InlineData("""[{"id":"a","address":"1:1"}""", "unexpected EOF")]
    [InlineData("""[{"id":"a","addr""", "unexpected EOF")]
    [InlineData("""[{"more":{"x":[1,""", "unexpected EOF")]
    [InlineData("[\n nonsense]", "invalid JSON in line 2 at byte 3")]
    [InlineData("""{"id":"a"}""", "the file must be an array of servers")]
    [InlineData("[1]", "an element of the array is neither a server nor an address")]
    [InlineData("""[{"id":1,"address":"1:1"}]""", "id must be a text")]
    [InlineData("""[{"id":"a","address":"1:1","non_voter":"yes"}]""", "non_voter must be true or false")]
    [InlineData("""["1:1",{"id":"a","address":"2:2"}]""", "the array mixes servers and addresses")]
    [InlineData("""["1:1"] ["2:2"]""", "there is something behind the array of servers")]
    [InlineData("""["\ud800"]""", "a text in it is not valid Unicode")]
    [InlineData("[]", "need at least one voter in configuration")]
    [InlineData("""[{"id":"a","address":"1:1","non_voter":true}]""", "need at least one voter in configuration")]
    [InlineData("""[{"address":"1:1"}]""", "empty ID in configuration")]
    [InlineData("""[{"id":"a"}]""", "empty address in configuration")]
    [InlineData("""[""]""", "empty address in configuration")]
    [InlineData("""[{"id":"a","address":"1:1"},{"id":"a","address":"2:2"}]""", "found duplicate ID in configuration: a")]
    [InlineData("""[{"id":"a","address":"1:1"},{"id":"b","address":"1:1"}]""", "found duplicate address in configuration: 1:1")]
    [InlineData("""["1:1","1:1"]""", "found duplicate ID in configuration: 1:1")]
    public void A_bad_list_is_refused_with_its_reason(string json, string reason) =>
        Assert.Equal(reason, Assert.Throws<FormatException>(() => Read(json)).Message);

    [Fact]
    public void Too_long_ids_and_too_many_servers_are_refused()
    {
        Assert.Equal("an ID is longer than 255 bytes", Assert.Throws<FormatException>(() => Read($$"""[{"id":"{{new string('x', 256)}}","address":"1:1"}]""")).Message);
        Assert.Equal("there are more than 1024 servers", Assert.Throws<FormatException>(() => Read($"[{string.Join(',', Enumerable.Repeat("\"a\"", 1025))}]")).Message);
    }

    [Fact]
    public void Every_truncation_and_every_changed_byte_is_read_or_refused()
    {
        byte[] good = Encoding.UTF8.GetBytes("""[{"id":"a","address":"1:1","non_voter":false,"x":[{}]},{"id":"b","address":"2:2"}]""");
        for (int length = 0; length < good.Length; length++)
            Assert.EndsWith("EOF", Assert.Throws<FormatException>(() => PeersFile.Read(good.AsSpan(0, length))).Message);
        for (int at = 0; at < good.Length * 256; at++)
        {
            byte[] changed = [.. good];
            changed[at / 256] = (byte)at;
            Assert.True(IsReadOrRefused(changed));
        }
    }

    private static bool IsReadOrRefused(byte[] json)
    {
        try
        {
            return PeersFile.Resolve(PeersFile.Read(json), Self, Known).VoterCount > 0;
        }
        catch (FormatException refusal)
        {
            return refusal.Message.Length > 0;
        }
    }

    private static Configuration Read(string json) => PeersFile.Resolve(PeersFile.Read(Encoding.UTF8.GetBytes(json)), Self, Known);
}
