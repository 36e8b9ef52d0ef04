using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>Servers, a network that delivers when it is told to, and the rules that must hold whatever happens.</summary>
internal sealed class Cluster
{
    private readonly SortedDictionary<ulong, LogEntry> _committed = [];
    private readonly SortedDictionary<ulong, string> _leaders = [];
    private readonly HashSet<string> _cut = [];

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

    public void Cut(string id) => _cut.Add(id);

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
        if (_cut.Contains(message.From) || _cut.Contains(message.To) || !Servers.TryGetValue(message.To, out var to) || !to.IsUp)
        {
            NoteLost(message);
            return;
        }
        Trace?.Invoke(message);
        if (message.Kind == RaftMessageKind.Snapshot) to.InstallFrom(Servers[message.From], message);
        else to.Turn(core => core.Step(message));
        Check();
    }

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
            if (!_leaders.TryGetValue(leader.Term.Value, out string? other)) _leaders.Add(leader.Term.Value, server.Id);
            else Assert.True(other == server.Id, $"{other} and {server.Id} both lead term {leader.Term}");
        }
        foreach (var server in Servers.Values)
            if (server.Core?.HoldsLease(Now) == true) Assert.True(server.Core.CommitIndex >= LastCommitted, $"{server.Id} holds a lease at commit {server.Core.CommitIndex} although {LastCommitted} is committed");
    }
}
