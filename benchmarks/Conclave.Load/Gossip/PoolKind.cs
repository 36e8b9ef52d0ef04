using System.Diagnostics;
using System.Globalization;

namespace Conclave.Load.Gossip;

/// <summary>What kind of program the members of a pool are, and how its lines are read.</summary>
internal abstract class PoolKind
{
    public static PoolKind Ours { get; } = new OurKind();

    public static PoolKind Serf { get; } = new SerfKind();

    public abstract string Name { get; }

    /// <summary>How to start a member; <paramref name="peer"/> is the port of one to join, 0 for none.</summary>
    public abstract ProcessStartInfo Start(string name, MemberPorts ports, int peer);

    /// <summary>Reads a line of output: what happened and to whom or which; null for other lines.</summary>
    public abstract (Seen What, string About)? Read(string line);

    /// <summary>Fires an event at a member.</summary>
    public abstract Task FireAsync(Process member, MemberPorts ports, string name);

    /// <summary>Has a member leave in order; done when it has been told, or later.</summary>
    public abstract Task LeaveAsync(Process member, MemberPorts ports);

    private sealed class OurKind : PoolKind
    {
        public override string Name => "conclave";

        public override ProcessStartInfo Start(string name, MemberPorts ports, int peer)
        {
            string self = Environment.ProcessPath!;
            var start = new ProcessStartInfo(self) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
            if (Path.GetFileNameWithoutExtension(self) == "dotnet") start.ArgumentList.Add(typeof(PoolKind).Assembly.Location);
            foreach (string argument in (string[])["gossip-node", name, Text(ports.Bound), Text(ports.Advertised), Text(peer)]) start.ArgumentList.Add(argument);
            return start;
        }

        public override (Seen What, string About)? Read(string line) => line.Split(' ', 2) switch
        {
            ["joined", var name] => (Seen.Joined, name),
            ["failed", var name] => (Seen.Failed, name),
            ["left", var name] => (Seen.Left, name),
            ["user", var name] => (Seen.Event, name),
            _ => null,
        };

        public override Task FireAsync(Process member, MemberPorts ports, string name) => member.StandardInput.WriteLineAsync(name);

        public override Task LeaveAsync(Process member, MemberPorts ports) => member.StandardInput.WriteLineAsync(GossipNode.LeaveCommand);
    }

    private sealed class SerfKind : PoolKind
    {
        private const string Program = "serf", Joined = "serf: EventMemberJoin: ", Failed = "serf: EventMemberFailed: ", Left = "serf: EventMemberLeave: ", LeftLate = "serf: EventMemberLeave (forced): ", Event = "agent: Received event: user-event: ";

        public override string Name => "serf";

        public override ProcessStartInfo Start(string name, MemberPorts ports, int peer)
        {
            var start = new ProcessStartInfo(Program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
            foreach (string argument in (string[])["agent", "-profile=lan", "-log-level=info", $"-node={name}", $"-bind=127.0.0.1:{Text(ports.Bound)}",
                $"-advertise=127.0.0.1:{Text(ports.Advertised)}", $"-rpc-addr=127.0.0.1:{Text(ports.Control)}", "-retry-interval=1s"]) start.ArgumentList.Add(argument);
            if (peer > 0) start.ArgumentList.Add($"-retry-join=127.0.0.1:{Text(peer)}");
            return start;
        }

        public override (Seen What, string About)? Read(string line) =>
            After(line, Joined) is { } joined ? (Seen.Joined, joined)
            : After(line, Failed) is { } failed ? (Seen.Failed, failed)
            : (After(line, Left) ?? After(line, LeftLate)) is { } left ? (Seen.Left, left)
            : After(line, Event) is { } name ? (Seen.Event, name)
            : null;

        // Without coalescing, as ours are: else they would wait for others of their kind.
        public override Task FireAsync(Process member, MemberPorts ports, string name) => CommandAsync("event", "-coalesce=false", $"-rpc-addr=127.0.0.1:{Text(ports.Control)}", name);

        public override Task LeaveAsync(Process member, MemberPorts ports) => CommandAsync("leave", $"-rpc-addr=127.0.0.1:{Text(ports.Control)}");

        private static async Task CommandAsync(params string[] arguments)
        {
            using var command = Process.Start(new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true })!;
            await command.WaitForExitAsync();
        }

        private static string? After(string line, string mark) =>
            line.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? line[(at + mark.Length)..].Split(' ')[0] : null;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a member said that it has seen.</summary>
internal enum Seen
{
    Joined,
    Failed,
    Left,
    Event,
}

/// <summary>Ports of a member.</summary>
/// <param name="Bound">Where it listens.</param>
/// <param name="Advertised">Where others reach it: the network in between listens there.</param>
/// <param name="Control">Where it takes commands.</param>
internal readonly record struct MemberPorts(int Bound, int Advertised, int Control);
