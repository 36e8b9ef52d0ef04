using Conclave.Hosting.Integrity;
using Conclave.Node;
using Conclave.Node.Integrity;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Tests.Rpc;

public sealed class DigestComparisonTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_whose_state_differs_is_named_with_the_entry()
    {
        var lines = await CompareAsync(Trail(wrongFrom: 640), isLeader: true);
        string line = Assert.Single(lines);
        Assert.Contains("differs from this one's since entry 640 or earlier", line, StringComparison.Ordinal);
        Assert.Contains("server other at ", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_with_equal_states_agree() => Assert.Contains("is equal to this one's at", Assert.Single(await CompareAsync(Trail(), isLeader: true)), StringComparison.Ordinal);

    [Fact]
    public async Task Only_the_leader_asks() => Assert.Empty(await CompareAsync(Trail(wrongFrom: 640), isLeader: false));

    private static async Task<List<string>> CompareAsync(DigestTrail theirs, bool isLeader)
    {
        var cluster = new FakeCluster();
        await using var leader = new FakeServer(cluster, "leader");
        await using var other = new FakeServer(cluster, "other", digests: theirs);
        leader.Local.Believe(leader.AsLeader(isLeader) with
        {
            Servers = [new("leader", "leader", leader.Address, IsVoter: true, IsLeader: true), new("other", "other", other.Address, IsVoter: true, IsLeader: false)],
        });
        var own = Trail();
        var log = new Lines();
        await using var comparison = new DigestComparison(leader.Local, () => own, leader.Pool, TimeProvider.System, log);
        await comparison.CompareAsync(Stop);
        Assert.Equal(log.Texts.Count(static text => text.Contains("differs", StringComparison.Ordinal)), comparison.Differences);
        return log.Texts;
    }

    private static DigestTrail Trail(ulong wrongFrom = ulong.MaxValue)
    {
        var trail = new DigestTrail();
        for (ulong index = DigestTrail.Step; index < 2_000; index += DigestTrail.Step) trail.Note(index, index >= wrongFrom ? 1 : index * 7);
        return trail;
    }

    private sealed class Lines : ILogger
    {
        public List<string> Texts { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Texts.Add(formatter(state, exception));
    }
}
