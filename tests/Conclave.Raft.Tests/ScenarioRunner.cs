using System.Globalization;
using System.Text;

using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>
/// Plays a scenario file: lines that begin with <c>&gt; </c> are commands, the lines behind each are what it prints, lines with <c>#</c> are comments.
/// The text with the output put in anew must equal the file. CONCLAVE_REWRITE=1 writes it instead; Scenarios/README.md explains the commands.
/// </summary>
internal sealed class ScenarioRunner(RaftFlaw flaw)
{
    private readonly StringBuilder _text = new();
    private Cluster _cluster = null!;
    private ulong _reads;

    public static string Play(string script, RaftFlaw flaw = RaftFlaw.None)
    {
        var runner = new ScenarioRunner(flaw);
        foreach (string line in script.Split('\n'))
        {
            if (line.StartsWith("> ", StringComparison.Ordinal))
            {
                runner._text.Append(line).Append('\n');
                runner.Execute(line[2..].Split(' '));
            }
            else if (line.StartsWith('#') || line.Length == 0)
            {
                runner._text.Append(line).Append('\n');
            }
        }
        return runner._text.ToString().TrimEnd('\n') + "\n";
    }

    private void Execute(string[] words)
    {
        switch (words[0])
        {
            case "cluster": _cluster = Build(words); break;
            case "elect": Print($"leader {_cluster.RunUntilLeader().Id}"); break;
            case "run": _cluster.Run(Span(words[1])); break;
            case "tick": Tick(Span(words[1])); break;
            case "campaign": Campaign(_cluster.Servers[words[1]]); break;
            case "net": foreach (var message in _cluster.Network) TraceMessage(message); break;
            case "deliver": Handle(words, _cluster.Deliver); break;
            case "lose": Handle(words, _cluster.Lose); break;
            case "repeat": _cluster.Network.AddRange(_cluster.Network.FindAll(m => IsOn(words[1], m))); break;
            case "leaders": foreach (var (term, leader) in _cluster.Leaders) Print($"term {term} {leader}"); break;
            case "quorum": PrintConfiguration(Core(words[1]).Configuration); break;
            case "pause": _cluster.Skip(Span(words[1])); break;
            case "propose": Propose(words[1], words[2..]); break;
            case "cut": _cluster.Cut(words[1]); break;
            case "heal": _cluster.Heal(words[1]); break;
            case "crash": _cluster.Servers[words[1]].Crash(); break;
            case "start": _cluster.Start(_cluster.Servers[words[1]]); break;
            case "stall": _cluster.Servers[words[1]].Flushes = false; break;
            case "unstall": Unstall(_cluster.Servers[words[1]]); break;
            case "read": Read(words[1]); break;
            case "ask": _cluster.Servers[words[1]].Turn(core => core.RequestRead(++_reads)); break;
            case "answers": PrintAnswers(_cluster.Servers[words[1]]); break;
            case "lease": Print(_cluster.Servers[words[1]].Core!.HoldsLease(_cluster.Now) ? "held" : "not held"); break;
            case "offer": Offer(_cluster.Servers[words[1]], words[2]); break;
            case "snapshot": _cluster.Servers[words[1]].TakeSnapshot(keepsLog: words.Length > 2); break;
            case "transfer": Print(Core(words[1]).TransferLeadership(words.Length > 2 ? words[2] : null) ? "begun" : "refused"); Turn(words[1]); break;
            case "add": _cluster.Start(_cluster.Add(words[1])); break;
            case "older": _cluster.Older.Add(words[1]); break;
            case "configure": Configure(words[1], words[2..]); break;
            case "trace": _cluster.Trace = words[1] switch { "on" => TraceMessage, "votes" => TraceVotes, _ => null }; break;
            case "status": PrintStatus(); break;
            case "log": PrintLog(words[1]); break;
            default: throw new FormatException($"unknown command {words[0]}");
        }
    }

    // "cluster 3 trailing 0 prevote off": servers, then settings that differ from those of the other scenarios.
    private Cluster Build(string[] words)
    {
        int servers = int.Parse(words[1], CultureInfo.InvariantCulture);
        return new Cluster(servers, adjust: config =>
        {
            config = config with { TrailingEntries = 100, Flaw = flaw };
            for (int i = 2; i < words.Length; i += 2) config = Set(config, words[i], words[i + 1]);
            return config;
        }) { ChecksLogs = true };
    }

    private static RaftConfig Set(RaftConfig config, string option, string value) => option switch
    {
        "trailing" => config with { TrailingEntries = int.Parse(value, CultureInfo.InvariantCulture) },
        "inflight" => config with { InflightAppendsMax = int.Parse(value, CultureInfo.InvariantCulture) },
        "entries" => config with { AppendEntriesMax = int.Parse(value, CultureInfo.InvariantCulture) },
        "prevote" => config with { PreVote = value == "on" },
        _ => throw new FormatException($"unknown option {option}"),
    };

    // Time passes, and what is sent stays on its way.
    private void Tick(TimeSpan span)
    {
        for (var end = _cluster.Now + span; _cluster.Now < end;) _cluster.Advance(TimeSpan.FromMilliseconds(10));
    }

    // Only this server sees the time pass, until its patience ends. The others notice later that they stood still, and wait anew.
    private void Campaign(Server server)
    {
        _cluster.Skip(TimeSpan.FromSeconds(3));
        var (term, role) = (server.Core!.Term, server.Core.Role);
        for (int i = 0; i < 1000 && server.Core.Term == term && (server.Core.Role == role || server.Core.Role == RaftRole.Follower); i++)
        {
            _cluster.Skip(TimeSpan.FromMilliseconds(10));
            server.Turn();
        }
        Print($"{server.Core.Role} term {server.Core.Term}");
    }

    // "deliver" alone goes on until nothing is under way; with a link it takes what is on it now, and shows it.
    private void Handle(string[] words, Action<int> what)
    {
        if (words.Length == 1)
        {
            while (_cluster.Network.Count > 0) what(0);
            return;
        }
        int rest = _cluster.Network.Count, most = words.Length > 2 ? int.Parse(words[2], CultureInfo.InvariantCulture) : rest;
        for (int i = 0, done = 0; rest > 0 && done < most; rest--)
        {
            if (!IsOn(words[1], _cluster.Network[i]))
            {
                i++;
                continue;
            }
            done++;
            if (_cluster.Trace is null || words[0] == "lose") TraceMessage(_cluster.Network[i]);
            what(i);
        }
    }

    private static bool IsOn(string link, in RaftMessage message)
    {
        string[] ends = link.Split('>');
        return (ends[0] == "*" || ends[0] == message.From) && (ends[1] == "*" || ends[1] == message.To);
    }

    private RaftCore Core(string id) => _cluster.Servers[id].Core!;

    private void Turn(string id)
    {
        _cluster.Servers[id].Turn();
        _cluster.DeliverAll();
    }

    private void Propose(string id, string[] commands)
    {
        var server = _cluster.Servers[id];
        server.Turn(core =>
        {
            foreach (string command in commands)
            {
                var result = core.Propose(EntryType.Command, Encoding.UTF8.GetBytes(command), out var index);
                Print(result == ProposeResult.Accepted ? $"{command} at {index}" : $"{command} {result}");
            }
        });
    }

    private void Configure(string id, string[] members)
    {
        var configuration = new Configuration(members.Select(m => Cluster.Member(m.TrimStart('-'), m.StartsWith('-') ? Suffrage.Nonvoter : Suffrage.Voter)));
        _cluster.Servers[id].Turn(core =>
        {
            try
            {
                Print($"{core.ProposeConfiguration(configuration, out var index)} {index}");
            }
            catch (ArgumentException refusal)
            {
                Print(refusal.Message);
            }
        });
    }

    // The newest snapshot is sent although nobody asked for it, as after an answer that was lost.
    private void Offer(Server leader, string to)
    {
        var end = leader.SnapshotEnd;
        _cluster.Network.Add(new RaftMessage { Kind = RaftMessageKind.Snapshot, From = leader.Id, To = to, Term = leader.Core!.Term, LogIndex = end.Index, LogTerm = end.Term });
    }

    private void Unstall(Server server)
    {
        server.Flushes = true;
        server.Turn(server.Flush);
    }

    private void Read(string id)
    {
        var server = _cluster.Servers[id];
        ulong context = ++_reads;
        server.Turn(core => core.RequestRead(context));
        _cluster.DeliverAll();
        Print(server.Reads.FirstOrDefault(r => r.Context == context) switch
        {
            { Context: 0 } => "waiting",
            { Granted: true } read => $"granted at {read.Index}",
            _ => "refused",
        });
    }

    private void PrintAnswers(Server server)
    {
        if (server.Reads.Count == 0) Print("none");
        foreach (var read in server.Reads) Print(read.Granted ? $"read {read.Context} granted at {read.Index}" : $"read {read.Context} refused");
        server.Reads.Clear();
    }

    private void PrintStatus()
    {
        foreach (var server in _cluster.Servers.Values)
        {
            if (server.Core is not { } core) Print($"{server.Id} down");
            else Print($"{server.Id} {core.Role} term {core.Term} leader {(core.LeaderId.Length == 0 ? "-" : core.LeaderId)} last {core.LastIndex} commit {core.CommitIndex} voters {core.Configuration.VoterCount} [{string.Join(' ', server.Applied)}]");
        }
    }

    // An empty line would be kept as it stands, and printed again.
    private void PrintConfiguration(Configuration configuration) =>
        Print(configuration.Servers.Length == 0 ? "nobody" : string.Join(' ', configuration.Servers.ToArray().Select(s => s.Suffrage == Suffrage.Voter ? s.Id : $"-{s.Id}")));

    private void PrintLog(string id)
    {
        foreach (var entry in _cluster.Servers[id].Log) Print($"{entry.Index}/{entry.Term} {entry.Type} {(entry.Type == EntryType.Command ? Encoding.UTF8.GetString(entry.Data.Span) : "")}".TrimEnd());
    }

    private void TraceMessage(RaftMessage m)
    {
        string detail = m.Kind switch
        {
            RaftMessageKind.Append when m.Heartbeat => "heartbeat",
            RaftMessageKind.Append => $"behind {m.LogIndex}/{m.LogTerm} entries {m.Entries.Length} commit {m.Commit}",
            RaftMessageKind.Vote or RaftMessageKind.PreVote => $"log {m.LogIndex}/{m.LogTerm}{(m.LeadershipTransfer ? " transfer" : "")}",
            RaftMessageKind.AppendReply when m.Heartbeat => m.Success ? "heartbeat yes" : "heartbeat no",
            RaftMessageKind.AppendReply => $"{(m.Success ? "yes" : "no")} last {m.LogIndex}",
            RaftMessageKind.Snapshot => $"at {m.LogIndex}/{m.LogTerm}",
            RaftMessageKind.TimeoutNow => "",
            _ => m.Success ? "yes" : "no",
        };
        Print($"{m.From}->{m.To} {m.Kind} term {m.Term} {detail}".TrimEnd());
    }

    private void TraceVotes(RaftMessage m)
    {
        if (m.Kind is RaftMessageKind.Vote or RaftMessageKind.VoteReply or RaftMessageKind.PreVote or RaftMessageKind.PreVoteReply) TraceMessage(m);
    }

    private static TimeSpan Span(string text) => TimeSpan.FromMilliseconds(double.Parse(text.Replace("ms", "", StringComparison.Ordinal), CultureInfo.InvariantCulture));

    private void Print(string line) => _text.Append(line).Append('\n');
}
