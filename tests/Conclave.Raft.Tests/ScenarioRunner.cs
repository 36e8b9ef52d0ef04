using System.Globalization;
using System.Text;

using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>
/// Plays a scenario file: lines that begin with <c>&gt; </c> are commands, the lines behind each are what it prints, lines with <c>#</c> are comments.
/// The text with the output put in anew must equal the file. CONCLAVE_GOLDEN=write writes it instead.
/// </summary>
internal sealed class ScenarioRunner
{
    private readonly StringBuilder _text = new();
    private Cluster _cluster = null!;
    private ulong _reads;

    public static string Play(string script)
    {
        var runner = new ScenarioRunner();
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
            case "pause": _cluster.Skip(Span(words[1])); break;
            case "propose": Propose(words[1], words[2..]); break;
            case "cut": _cluster.Cut(words[1]); break;
            case "heal": _cluster.Heal(words[1]); break;
            case "crash": _cluster.Servers[words[1]].Crash(); break;
            case "start": _cluster.Start(_cluster.Servers[words[1]]); break;
            case "stall": _cluster.Servers[words[1]].Flushes = false; break;
            case "unstall": Unstall(_cluster.Servers[words[1]]); break;
            case "read": Read(words[1]); break;
            case "lease": Print(_cluster.Servers[words[1]].Core!.HoldsLease(_cluster.Now) ? "held" : "not held"); break;
            case "snapshot": _cluster.Servers[words[1]].TakeSnapshot(); break;
            case "transfer": Print(Core(words[1]).TransferLeadership(words.Length > 2 ? words[2] : null) ? "begun" : "refused"); Turn(words[1]); break;
            case "add": _cluster.Start(_cluster.Add(words[1])); break;
            case "configure": Configure(words[1], words[2..]); break;
            case "trace": _cluster.Trace = words[1] == "on" ? TraceMessage : null; break;
            case "status": PrintStatus(); break;
            case "log": PrintLog(words[1]); break;
            default: throw new FormatException($"unknown command {words[0]}");
        }
    }

    // "cluster 3 trailing 0": servers, and entries kept behind a snapshot.
    private static Cluster Build(string[] words)
    {
        int servers = int.Parse(words[1], CultureInfo.InvariantCulture);
        int trailing = words.Length > 3 ? int.Parse(words[3], CultureInfo.InvariantCulture) : 100;
        return new Cluster(servers, adjust: config => config with { TrailingEntries = trailing });
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

    private void PrintStatus()
    {
        foreach (var server in _cluster.Servers.Values)
        {
            if (server.Core is not { } core) Print($"{server.Id} down");
            else Print($"{server.Id} {core.Role} term {core.Term} leader {(core.LeaderId.Length == 0 ? "-" : core.LeaderId)} last {core.LastIndex} commit {core.CommitIndex} voters {core.Configuration.VoterCount} [{string.Join(' ', server.Applied)}]");
        }
    }

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

    private static TimeSpan Span(string text) => TimeSpan.FromMilliseconds(double.Parse(text.Replace("ms", "", StringComparison.Ordinal), CultureInfo.InvariantCulture));

    private void Print(string line) => _text.Append(line).Append('\n');
}
