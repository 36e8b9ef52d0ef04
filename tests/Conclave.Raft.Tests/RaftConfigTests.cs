namespace Conclave.Raft.Tests;

public class RaftConfigTests
{
    [Fact]
    public void Defaults_and_presets_are_valid()
    {
        new RaftConfig { ServerId = "a" }.Validate();
        RaftConfig.ForDevelopment("a").Validate();
        for (int multiplier = 1; multiplier <= 10; multiplier++) RaftConfig.ForMultiplier("a", multiplier).Validate();
    }

    [Fact]
    public void Multiplier_stretches_heartbeat_election_and_lease()
    {
        var config = RaftConfig.ForMultiplier("a", 5);
        Assert.Equal((5.0, 5.0, 2.5), (config.HeartbeatTimeout.TotalSeconds, config.ElectionTimeout.TotalSeconds, config.LeaderLease.TotalSeconds));
        Assert.Contains("raft_multiplier is 11", Assert.Throws<ArgumentException>(() => RaftConfig.ForMultiplier("a", 11)).Message);
    }

    [Fact]
    public void Wrong_value_is_named_with_its_range()
    {
        var config = new RaftConfig { ServerId = "a", LeaderLease = TimeSpan.FromSeconds(2) };
        Assert.Equal("LeaderLease is 2000 ms; it must lie between 5 ms and 1000 ms.", Assert.Throws<ArgumentException>(config.Validate).Message);
        Assert.Contains("ServerId", Assert.Throws<ArgumentException>(new RaftConfig { ServerId = "" }.Validate).Message);
        Assert.Contains("AppendEntriesMax is 0", Assert.Throws<ArgumentException>(new RaftConfig { ServerId = "a", AppendEntriesMax = 0 }.Validate).Message);
    }
}
