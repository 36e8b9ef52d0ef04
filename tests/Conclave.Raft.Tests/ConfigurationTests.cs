using System.Text.Json;

using Conclave.Core.Codec;
using Conclave.Tests;

namespace Conclave.Raft.Tests;

public class ConfigurationTests
{
    [Fact]
    public void Recorded_configurations_are_read_and_written_byte_for_byte()
    {
        using var recorded = JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "raft", "transport.json")));
        int found = 0;
        foreach (var vector in recorded.RootElement.GetProperty("vectors").EnumerateArray())
        {
            if (!vector.GetProperty("name").GetString()!.StartsWith("configuration at", StringComparison.Ordinal)) continue;
            byte[] message = Convert.FromHexString(vector.GetProperty("hex").GetString()!);
            int start = message.AsSpan().IndexOf("Servers"u8) - 2;         // in front: a map of one, a text of seven
            if (start < 3) continue;
            byte[] data = message.AsSpan(start, message[start - 2] << 8 | message[start - 1]).ToArray();
            var configuration = ConfigurationCodec.Decode(data);
            Assert.True(configuration.Servers.Length >= 2);
            Assert.Equal(data, ConfigurationCodec.Encode(configuration));
            for (int cut = 0; cut < data.Length; cut++) Assert.Throws<MsgPackException>(() => ConfigurationCodec.Decode(data.AsSpan(0, cut)));
            found++;
        }
        Assert.True(found >= 10);
    }

    [Fact]
    public void Every_damaged_byte_is_refused_or_another_configuration()
    {
        byte[] data = ConfigurationCodec.Encode(new Configuration([Cluster.Member("s1"), Cluster.Member("s2", Suffrage.Nonvoter)]));
        for (int i = 0; i < data.Length; i++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] damaged = [.. data];
                damaged[i] = (byte)value;
                try
                {
                    Assert.True(ConfigurationCodec.Decode(damaged).Servers.Length <= 2);
                }
                catch (Exception refusal) when (refusal is MsgPackException or ArgumentException)
                {
                    Assert.NotEmpty(refusal.Message);
                }
            }
        }
    }

    [Theory]
    [InlineData("", "a:1", "empty ID in configuration")]
    [InlineData("x", "", "empty address in configuration")]
    [InlineData("s1", "a:1", "found duplicate ID in configuration: s1")]
    [InlineData("x", "127.0.0.1:8349", "found duplicate address in configuration: 127.0.0.1:8349")]
    public void Contradicting_servers_are_refused(string id, string address, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => new Configuration([Cluster.Member("s1"), new RaftServer(id, address, Suffrage.Voter)])).Message);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(5, 3)]
    public void Quorum_is_more_than_half_of_the_voters(int voters, int quorum)
    {
        var configuration = new Configuration([.. Enumerable.Range(1, voters).Select(i => Cluster.Member($"s{i}")), Cluster.Member("s9", Suffrage.Nonvoter), Cluster.Member("s8", Suffrage.Staging)]);
        Assert.Equal(quorum, configuration.QuorumSize);
        Assert.False(configuration.IsVoter("s9"));
    }

    [Fact]
    public void Reached_is_what_a_majority_has() => Property.Check<long[]>(values =>
    {
        if (values is null || values.Length == 0) return true;
        long reached = Quorum.Reached([.. values]);
        int quorum = values.Length / 2 + 1;
        return values.Count(v => v >= reached) >= quorum && values.Count(v => v > reached) < quorum;
    });
}
