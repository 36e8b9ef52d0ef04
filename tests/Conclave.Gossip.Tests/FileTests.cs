using System.Net;
using System.Text;
using System.Text.Json;
using Conclave.Core;
using Conclave.Gossip.Files;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Tests;

public sealed class FileTests
{
    private static IEnumerable<JsonElement> Recorded(bool keyrings) =>
        GossipVectors.Load("files").EnumerateArray().Where(file => file.GetProperty("text").GetString()!.StartsWith('[') == keyrings);

    [Fact]
    public void Recorded_snapshots_replay_to_the_recorded_state()
    {
        int states = 0;
        foreach (var file in Recorded(keyrings: false))
        {
            if (!file.TryGetProperty("after_replay", out var replays)) continue;
            foreach (var replay in replays.EnumerateObject())
            {
                var snapshot = SerfSnapshot.Replay(Utf8(file), rejoinAfterLeave: replay.Name.EndsWith("true", StringComparison.Ordinal));
                Assert.Equal(replay.Value.GetProperty("alive").EnumerateArray().Select(name => name.GetString()), snapshot.Alive.Keys);
                Assert.Equal(replay.Value.GetProperty("clock").GetUInt64(), snapshot.Clock);
                Assert.Equal(replay.Value.GetProperty("event_clock").GetUInt64(), snapshot.EventClock);
                Assert.Equal(replay.Value.GetProperty("query_clock").GetUInt64(), snapshot.QueryClock);
                states++;
            }
        }
        Assert.Equal(3, states);
    }

    [Fact]
    public void The_short_form_of_a_snapshot_replays_to_the_same_state()
    {
        foreach (var file in Recorded(keyrings: false))
        {
            var snapshot = SerfSnapshot.Replay(Utf8(file), rejoinAfterLeave: true);
            using var output = new PooledBuffer();
            snapshot.WriteTo(output);
            var again = SerfSnapshot.Replay(output.WrittenSpan, rejoinAfterLeave: true);
            Assert.Equal(snapshot.Alive, again.Alive);
            Assert.Equal((snapshot.Clock, snapshot.EventClock, snapshot.QueryClock), (again.Clock, again.EventClock, again.QueryClock));
        }
    }

    [Fact]
    public void Lines_are_written_as_peers_write_them()
    {
        using var output = new PooledBuffer();
        Assert.True(SerfSnapshotLines.TryWriteAlive(output, "s 1", new(IPAddress.Parse("127.13.1.1"), 7946)));
        Assert.True(SerfSnapshotLines.TryWriteAlive(output, "six", new(IPAddress.Parse("fd00::1"), 8301)));
        Assert.True(SerfSnapshotLines.TryWriteNotAlive(output, "s2"));
        Assert.False(SerfSnapshotLines.TryWriteAlive(output, "a\nleave", new(IPAddress.Loopback, 1)));
        Assert.False(SerfSnapshotLines.TryWriteNotAlive(output, "\n"));
        SerfSnapshotLines.WriteClock(output, 3);
        SerfSnapshotLines.WriteEventClock(output, 4);
        SerfSnapshotLines.WriteQueryClock(output, ulong.MaxValue);
        SerfSnapshotLines.WriteLeave(output);
        Assert.Equal("alive: s 1 127.13.1.1:7946\nalive: six [fd00::1]:8301\nnot-alive: s2\nclock: 3\nevent-clock: 4\nquery-clock: 18446744073709551615\nleave\n", Encoding.UTF8.GetString(output.WrittenSpan));
        Assert.Equal(new IPEndPoint(IPAddress.Parse("127.13.1.1"), 7946), SerfSnapshot.Replay(output.WrittenSpan, rejoinAfterLeave: true).Alive["s 1"]);
    }

    [Fact]
    public void Damaged_lines_are_passed_over_and_an_unfinished_one_does_not_count()
    {
        var text = Encoding.UTF8.GetBytes($"alive: \nalive: a\nalive: b nowhere\nclock: \nclock: x\nclock: 99999999999999999999\nclock: 5\ncoordinate: {{}}\n# c\n\n{new string('x', 10_000)}\nalive: c 1.2.3.4:5\nclock: 7");
        var snapshot = SerfSnapshot.Replay(text, rejoinAfterLeave: false);
        Assert.Equal(["c"], snapshot.Alive.Keys);
        Assert.Equal(5ul, snapshot.Clock);
    }

    [Fact]
    public void Recorded_keyring_files_are_read_and_written_again()
    {
        foreach (var file in Recorded(keyrings: true))
        {
            using var keyring = KeyringFile.Parse(Utf8(file));
            bool isNew = !file.GetProperty("text").GetString()!.Contains('\n');
            Assert.Equal(Utf8(file), isNew ? KeyringFile.FormatNew(keyring.Primary) : KeyringFile.Format(keyring));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[\"AAAA\"]")]
    [InlineData("[\"not base64 at all!!!!!!\"]")]
    [InlineData("[\"\\ud800\"]")]
    [InlineData("[\"AAECAwQFBgcICQoLDA0ODw==\"")]
    [InlineData("[\"AAECAwQFBgcICQoLDA0ODw==\", \"AA\"]")]
    public void Other_keyring_files_are_refused_without_quoting_them(string text)
    {
        var refused = Assert.Throws<GossipFormatException>(() => KeyringFile.Parse(Encoding.UTF8.GetBytes(text)));
        Assert.DoesNotContain("AAECAwQ", refused.ToString());
    }

    [Fact]
    public void A_key_does_not_show_itself()
    {
        using var key = GossipKey.Parse("AAECAwQFBgcICQoLDA0ODw==");
        Assert.Equal("key of 16 bytes", key.ToString());
    }

    private static byte[] Utf8(JsonElement file) => Encoding.UTF8.GetBytes(file.GetProperty("text").GetString()!);
}
