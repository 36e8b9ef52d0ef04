using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>Servers, a network that delivers when it is told to, and the rules that must hold whatever happens.</summary>
internal sealed class Cluster
{
    private readonly SortedDictionary<ulong, LogEntry> _committed = [];
    private readonly SortedDictionary<ulong, string> _leaders = [];
    private readonly HashSet<string> _cut = [];
    private readonly Dictionary<string, (Term Term, LogEntry[] Log)> _led = [];

    public Cluster(int servers, ulong seed = 1, Func<RaftConfig, RaftConfig>? adjust = null)
    {
        Seed = seed;
        Adjust = adjust ?? (config => config);
        var configuration = new Configuration(Enumerable.Range(1, servers).Select(i => Member($"s{i}")));
        for (int i = 1; i <= servers; i++) Add($"s{i}").Bootstrap(configuration);
        foreach (var server in Servers.Values) Start(server);
    }

    public ulong Seed { get; }

    public Func<RaftConfig, RaftConfig> Adjust { get; }

    public Instant Now { get; private set; } = new(1_000_000_000);

    public SortedDictionary<string, Server> Servers { get; } = new(StringComparer.Ordinal);

    /// <summary>Messages on their way, oldest first.</summary>
    public List<RaftMessage> Network { get; } = [];

    /// <summary>Last entry that any server has applied.</summary>
    public LogIndex LastCommitted { get; private set; }

    /// <summary>Who was seen to lead each term.</summary>
    public IReadOnlyDictionary<ulong, string> Leaders => _leaders;

    /// <summary>Whether the logs of all servers are compared after each step. For short runs: it costs much.</summary>
    public bool ChecksLogs { get; init; }

    public Action<RaftMessage>? Trace { get; set; }

    public static RaftServer Member(string id, Suffrage suffrage = Suffrage.Voter) => new(id, $"127.0.0.1:{8300 + id[^1]}", suffrage);

    public Server Add(string id)
    {
        var server = new Server(this, id);
        Servers.Add(id, server);
        return server;
    }

    public void Start(Server server) => server.Start(Adjust(new RaftConfig { ServerId = server.Id }));

    public Server? Leader => Servers.Values.Where(s => s.Core?.Role == RaftRole.Leader).MaxBy(s => s.Core!.Term.Value);

    /// <summary>Cuts off a server (<c>s1</c>), or one direction between two (<c>s1>s2</c>).</summary>
    public void Cut(string id) => _cut.Add(id);

    /// <summary>Servers that do not know pre-votes: who asks them is answered in their name, by the one that speaks to them.</summary>
    public HashSet<string> Older { get; } = [];

    public void Heal(string id) => _cut.Remove(id);

    public void HealAll() => _cut.Clear();

    /// <summary>The others see the connections break.</summary>
    public void Crash(Server server)
    {
        server.Crash();
        foreach (var other in Servers.Values) other.Turn(core => core.OnUnreachable(server.Id));
    }

    /// <summary>Lets time pass in steps of at most 10 ms, delivering everything at once.</summary>
    public void Run(TimeSpan span)
    {
        for (var end = Now + span; Now < end;)
        {
            Advance(TimeSpan.FromMilliseconds(10));
            DeliverAll();
        }
    }

    public void Advance(TimeSpan span)
    {
        Now += span;
        foreach (var server in Servers.Values) server.Turn();
        Check();
    }

    /// <summary>The clock goes on, but no server gets a turn.</summary>
    public void Skip(TimeSpan span) => Now += span;

    public void DeliverAll()
    {
        for (int i = 0; Network.Count > 0; i++)
        {
            Assert.True(i < 100_000, "the servers never stop sending");
            Deliver(0);
        }
    }

    public void Deliver(int position)
    {
        var message = Network[position];
        Network.RemoveAt(position);
        if (_cut.Contains(message.From) || _cut.Contains(message.To) || _cut.Contains($"{message.From}>{message.To}") || !Servers.TryGetValue(message.To, out var to) || !to.IsUp)
        {
            NoteLost(message);
            return;
        }
        Trace?.Invoke(message);
        if (message.Kind == RaftMessageKind.PreVote && Older.Contains(message.To)) Servers[message.From].Turn(core => core.Step(Unknown(message)));
        else if (message.Kind == RaftMessageKind.Snapshot) to.InstallFrom(Servers[message.From], message);
        else to.Turn(core => core.Step(message));
        Check();
    }

    private static RaftMessage Unknown(in RaftMessage question) =>
        new() { Kind = RaftMessageKind.PreVoteReply, From = question.To, To = question.From, RequestId = question.RequestId, Term = question.Term, Success = true };

    public void Lose(int position)
    {
        var message = Network[position];
        Network.RemoveAt(position);
        NoteLost(message);
    }

    // The sender of a snapshot always learns how it ended; everything else is lost without a word.
    private void NoteLost(in RaftMessage message)
    {
        var (sender, receiver) = message.Kind == RaftMessageKind.Snapshot ? (message.From, message.To) : (message.To, message.From);
        if (message.Kind is RaftMessageKind.Snapshot or RaftMessageKind.SnapshotReply) Servers[sender].Turn(core => core.OnUnreachable(receiver));
    }

    public Server RunUntilLeader()
    {
        for (int i = 0; i < 1000; i++)
        {
            Run(TimeSpan.FromMilliseconds(50));
            if (Leader is { } leader && leader.Core!.CommitIndex == leader.Core.LastIndex && Servers.Values.All(s => Follows(s, leader))) return leader;
        }
        throw new InvalidOperationException("no leader was elected: " + Describe());
    }

    public string Describe() => string.Join("; ", Servers.Values.Select(Describe));

    private static string Describe(Server server) => server.Core is not { } core ? $"{server.Id} down" :
        $"{server.Id} {core.Role} term {core.Term} leader '{core.LeaderId}' log {core.LastIndex}/{core.LastTerm} commit {core.CommitIndex} servers {string.Join(' ', core.Configuration.Servers.ToArray().Select(s => s.Id + s.Suffrage))}";

    private bool Follows(Server server, Server leader) =>
        !server.IsUp || _cut.Contains(server.Id) || leader.Core!.Configuration.Find(server.Id) is null || server.Core!.LeaderId == leader.Id;

    /// <summary>A committed entry never changes: the first server to apply it decides.</summary>
    public void NoteCommitted(string id, in LogEntry entry)
    {
        if (entry.Index > LastCommitted) LastCommitted = entry.Index;
        if (!_committed.TryGetValue(entry.Index.Value, out var first)) _committed.Add(entry.Index.Value, entry);
        else Assert.True(first.Term == entry.Term && first.Data.Span.SequenceEqual(entry.Data.Span), $"{id} applied another entry {entry.Index}: term {entry.Term} instead of {first.Term}");
    }

    private void Check()
    {
        foreach (var server in Servers.Values)
        {
            if (server.Core is not { Role: RaftRole.Leader } leader) continue;
            if (!_leaders.TryGetValue(leader.Term.Value, out string? other)) NoteLeader(server, leader.Term);
            else Assert.True(other == server.Id, $"{other} and {server.Id} both lead term {leader.Term}");
        }
        foreach (var server in Servers.Values)
            if (server.Core?.HoldsLease(Now) == true) Assert.True(server.Core.CommitIndex >= LastCommitted, $"{server.Id} holds a lease at commit {server.Core.CommitIndex} although {LastCommitted} is committed");
        if (!ChecksLogs) return;
        foreach (var server in Servers.Values) CheckAppendOnly(server);
        foreach (var one in Servers.Values)
            foreach (var other in Servers.Values)
                if (string.CompareOrdinal(one.Id, other.Id) < 0) CheckMatching(one, other);
    }

    // Leader completeness: what was committed before stands in the log of every new leader.
    private void NoteLeader(Server server, Term term)
    {
        _leaders.Add(term.Value, server.Id);
        if (!ChecksLogs) return;
        foreach (var entry in server.Log)
            if (_committed.TryGetValue(entry.Index.Value, out var committed)) Assert.True(committed.Term == entry.Term, $"{server.Id} leads term {term} with another entry {entry.Index} than was committed");
        Assert.True(server.Core!.LastIndex >= LastCommitted, $"{server.Id} leads term {term} with the entries up to {server.Core.LastIndex} although {LastCommitted} is committed");
    }

    // A leader takes nothing back and replaces nothing.
    private void CheckAppendOnly(Server server)
    {
        if (server.Core is not { Role: RaftRole.Leader } leader)
        {
            _led.Remove(server.Id);
            return;
        }
        if (_led.TryGetValue(server.Id, out var before) && before.Term == leader.Term)
        {
            Assert.True(before.Log.Length == 0 || leader.LastIndex >= before.Log[^1].Index, $"{server.Id} took back entries while it led term {leader.Term}");
            foreach (var (was, now) in before.Log.Join(server.Log, e => e.Index, e => e.Index, (was, now) => (was, now)))
                Assert.True(was.Term == now.Term, $"{server.Id} replaced entry {was.Index} while it led term {leader.Term}");
        }
        _led[server.Id] = (leader.Term, [.. server.Log]);
    }

    // Log matching: from an entry of the same term at the same place downwards, two logs are the same.
    private static void CheckMatching(Server one, Server other)
    {
        bool shared = false;
        foreach (var (a, b) in one.Log.Join(other.Log, e => e.Index, e => e.Index, (a, b) => (a, b)).Reverse())
        {
            Assert.True(!shared || a.Term == b.Term, $"{one.Id} and {other.Id} share an entry behind {a.Index}, but not this one");
            if (a.Term != b.Term) continue;
            shared = true;
            Assert.True(a.Data.Span.SequenceEqual(b.Data.Span), $"{one.Id} and {other.Id} hold different data in entry {a.Index} of term {a.Term}");
        }
    }
}
