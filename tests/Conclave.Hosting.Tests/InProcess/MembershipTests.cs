using System.Net;
using System.Text;
using Conclave.Gossip;
using Conclave.Hosting;

namespace Conclave.Tests.InProcess;

/// <summary>Membership alone, several members in this process over the loopback interface.</summary>
public sealed class MembershipTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private Membership _a = null!, _b = null!;

    public async ValueTask InitializeAsync()
    {
        _a = await StartAsync("a");
        _b = await StartAsync("b");
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_member_alone_knows_itself()
    {
        Assert.Equal("a", Assert.Single(_a.Members).Name);
        Assert.Equal(_a.LocalEndPoint, _a.Self.Endpoint.ToIPEndPoint());
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Members_that_join_know_each_other_and_a_leave_is_no_failure()
    {
        var notices = _a.WatchAsync(stop: _stop.Token);

        Assert.Equal(1, await _b.JoinAsync(Address(_a), _stop.Token));
        await NextAsync(notices, happened => happened is { Kind: GossipEventKind.Joined, Member.Name: "b" });
        await _b.LeaveAsync(_stop.Token);
        var gone = await NextAsync(_a.WatchAsync(stop: _stop.Token), happened => happened.Member?.Name == "b", orAlready: () => _a.Members.Any(member => member.Status == MemberStatus.Left));

        Assert.True(gone is null or { Kind: GossipEventKind.Left });
        Assert.Equal(MemberStatus.Left, _a.Members.Single(member => member.Name == "b").Status);
    }

    [Fact]
    public async Task A_join_that_nobody_answers_says_why()
    {
        int port = _b.LocalEndPoint.Port;
        await _b.DisposeAsync();

        var failure = await Assert.ThrowsAsync<MembershipException>(() => _a.JoinAsync([$"127.0.0.1:{port}", "no-such-host.invalid"], stop: _stop.Token));

        Assert.Contains($"dial tcp 127.0.0.1:{port}: connect: connection refused", failure.Message);
        Assert.Contains("no-such-host.invalid", failure.Message);
    }

    [Fact]
    public async Task An_event_reaches_everybody_and_the_sender()
    {
        await _b.JoinAsync(Address(_a), _stop.Token);
        var (atA, atB) = (_a.WatchAsync(stop: _stop.Token), _b.WatchAsync(stop: _stop.Token));

        await _a.FireEventAsync("deploy", "1.0"u8.ToArray());

        foreach (var notices in (IAsyncEnumerable<MembershipNotice>[])[atA, atB])
        {
            var fired = await NextAsync(notices, static happened => happened.Kind == GossipEventKind.User);
            Assert.Equal(("deploy", "1.0"), (fired!.Name, Encoding.UTF8.GetString(fired.Payload.Span)));
        }
    }

    [Fact]
    public async Task An_event_that_is_too_long_is_refused() =>
        await Assert.ThrowsAsync<MembershipException>(() => _a.FireEventAsync("deploy", new byte[600]));

    [Fact]
    public async Task A_query_gathers_acks_and_answers()
    {
        await _b.JoinAsync(Address(_a), _stop.Token);
        var answering = AnswerOneAsync(_b, "b says hello");
        var heard = new List<string>();

        await foreach (var answer in _a.QueryAsync(new GossipQuery("hello", default) { Nodes = ["b"], WantAcks = true, Timeout = TimeSpan.FromSeconds(2) }, _stop.Token))
            heard.Add($"{answer.Kind} {answer.From} {Encoding.UTF8.GetString(answer.Payload.Span)}");

        await answering;
        Assert.Equal(["QueryAck b ", "QueryResponse b b says hello"], heard.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_second_answer_is_refused()
    {
        var notices = _a.WatchAsync(stop: _stop.Token);
        var asking = ToListAsync(_a.QueryAsync(new GossipQuery("hello", default) { Timeout = TimeSpan.FromSeconds(1) }, _stop.Token));
        var query = await NextAsync(notices, static happened => happened.Kind == GossipEventKind.Query);
        await _a.RespondAsync(query!, "one"u8.ToArray());

        await Assert.ThrowsAsync<MembershipException>(() => _a.RespondAsync(query!, "two"u8.ToArray()));

        Assert.Single(await asking);
    }

    [Fact]
    public async Task A_reader_that_is_too_slow_is_told_what_it_missed()
    {
        var witness = _a.WatchAsync(stop: _stop.Token);
        await using var notices = _a.WatchAsync(capacity: 2, _stop.Token).GetAsyncEnumerator(_stop.Token);
        for (int i = 0; i < 5; i++) await _a.FireEventAsync($"e{i}", default);
        await NextAsync(witness, static happened => happened.Name == "e4");

        await notices.MoveNextAsync();
        Assert.Equal(("e0", 0), (notices.Current.Event.Name, notices.Current.Missed));
        await notices.MoveNextAsync();
        Assert.Equal(("e1", 0), (notices.Current.Event.Name, notices.Current.Missed));
        await _a.FireEventAsync("e5", default);
        await notices.MoveNextAsync();
        Assert.Equal(("e5", 3), (notices.Current.Event.Name, notices.Current.Missed));
    }

    [Fact]
    public async Task A_disposed_member_ends_its_readers_and_refuses_requests()
    {
        var reading = ToListAsync(_a.WatchAsync(stop: _stop.Token));

        await _a.DisposeAsync();

        Assert.Empty(await reading);
        await Assert.ThrowsAsync<MembershipException>(() => _a.FireEventAsync("late", default));
        await Assert.ThrowsAsync<MembershipException>(() => _a.JoinAsync(Address(_b), _stop.Token));
    }

    [Fact]
    public async Task Members_come_back_to_each_other_from_the_snapshot()
    {
        string folder = Directory.CreateTempSubdirectory("conclave-members").FullName;
        try
        {
            string path = Path.Combine(folder, "members");
            var c = await StartAsync("c", options => options.SnapshotPath = path);
            int port = c.LocalEndPoint.Port;
            await c.JoinAsync(Address(_a), _stop.Token);
            await c.DisposeAsync();
            Assert.Contains($"alive: a 127.0.0.1:{_a.LocalEndPoint.Port}", await File.ReadAllLinesAsync(path, _stop.Token));

            await using var again = await StartAsync("c", options => (options.SnapshotPath, options.Port) = (path, port));

            await NextAsync(again.WatchAsync(stop: _stop.Token), static happened => happened.Member?.Name == "a", orAlready: () => again.Members.Count == 2);
            Assert.Equal(["a", "c"], again.Members.Select(static member => member.Name));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Keys_are_changed_everywhere_and_kept_in_the_file()
    {
        string folder = Directory.CreateTempSubdirectory("conclave-keys").FullName;
        string first = Convert.ToBase64String(new byte[16]), second = Convert.ToBase64String(Encoding.ASCII.GetBytes("0123456789abcdef"));
        try
        {
            string path = Path.Combine(folder, "keys");
            await using (var c = await StartAsync("c", options => (options.EncryptionKey, options.KeyringPath) = (first, path)))
            await using (var d = await StartAsync("d", options => options.EncryptionKey = first))
            {
                await d.JoinAsync(Address(c), _stop.Token);
                await d.InstallKeyAsync(second, stop: _stop.Token);
                await d.UseKeyAsync(second, stop: _stop.Token);

                var report = await d.RemoveKeyAsync(first, stop: _stop.Token);
                Assert.Equal((2, 2, 0), (report.Nodes, report.Answers, report.Errors));
                await Assert.ThrowsAsync<MembershipException>(() => d.RemoveKeyAsync(second, stop: _stop.Token));
            }

            await using var again = await StartAsync("c", options => (options.EncryptionKey, options.KeyringPath) = (first, path));
            Assert.Equal([new(second, 1)], (await again.ListKeysAsync(stop: _stop.Token)).PrimaryKeys);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Wrong_options_are_listed_all_at_once()
    {
        var options = new MembershipOptions { Name = "", Port = 70000, BindAddress = IPAddress.Any, EncryptionKey = "short" };

        var failure = await Assert.ThrowsAsync<ArgumentException>(() => Membership.StartAsync(options, _stop.Token));

        foreach (string option in (string[])["Name", "Port", "BindAddress", "EncryptionKey"]) Assert.Contains(option, failure.Message);
        Assert.DoesNotContain("short", failure.Message);
    }

    private static string Address(Membership member) => member.LocalEndPoint.ToString();

    private Task<Membership> StartAsync(string name, Action<MembershipOptions>? change = null)
    {
        var options = new MembershipOptions { Name = name, Port = 0, Profile = MembershipProfile.Local };
        change?.Invoke(options);
        return Membership.StartAsync(options, _stop.Token);
    }

    private static async Task AnswerOneAsync(Membership member, string answer)
    {
        await foreach (var notice in member.WatchAsync())
        {
            if (notice.Event.Kind != GossipEventKind.Query) continue;
            await member.RespondAsync(notice.Event, Encoding.UTF8.GetBytes(answer));
            return;
        }
    }

    // The first event that is asked for, or null when what it tells is there already.
    private static async Task<GossipEvent?> NextAsync(IAsyncEnumerable<MembershipNotice> notices, Func<GossipEvent, bool> isIt, Func<bool>? orAlready = null)
    {
        if (orAlready?.Invoke() == true) return null;
        await foreach (var notice in notices)
            if (isIt(notice.Event)) return notice.Event;
        throw new InvalidOperationException("the member ended");
    }

    private static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items) list.Add(item);
        return list;
    }
}
