using System.Globalization;
using System.Net;
using Conclave.Gossip;
using Conclave.Hosting;

namespace Conclave.Load.Gossip;

/// <summary>One member of a pool as a program of its own: says on its output what happens, line by line, and fires the events it is told to on its input, or leaves.</summary>
internal static class GossipNode
{
    /// <summary>The line on which it leaves; all others are names of events.</summary>
    public const string LeaveCommand = "/leave";

    /// <param name="arguments">Name, port to listen on, advertised port, port of the member to join (0 for none).</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        int port = Number(arguments[1]), advertised = Number(arguments[2]), peer = Number(arguments[3]);
        await using var member = await Membership.StartAsync(new MembershipOptions
        {
            Name = arguments[0],
            BindAddress = IPAddress.Loopback,
            Port = port,
            Advertise = new IPEndPoint(IPAddress.Loopback, advertised),
            Profile = MembershipProfile.Lan,
        });
        var watching = WatchAsync(member);
        Say("ready", arguments[0]);
        var joining = peer == 0 ? Task.CompletedTask : JoinAsync(member, peer);
        while (await Console.In.ReadLineAsync() is { } line)
            if (line == LeaveCommand) await member.LeaveAsync();
            else await member.FireEventAsync(line, ReadOnlyMemory<byte>.Empty);
        await joining;
        await member.DisposeAsync();
        await watching;
        return 0;
    }

    private static async Task JoinAsync(Membership member, int peer)
    {
        while (true)
            try
            {
                await member.JoinAsync(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{peer}"));
                return;
            }
            catch (MembershipException)
            {
                // Not there yet, as when a whole pool starts together.
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
    }

    private static async Task WatchAsync(Membership member)
    {
        await foreach (var (happened, missed) in member.WatchAsync())
        {
            if (missed > 0) Say("missed", missed.ToString(CultureInfo.InvariantCulture));
            switch (happened.Kind)
            {
                case GossipEventKind.Joined: Say("joined", happened.Member!.Name); break;
                case GossipEventKind.Failed: Say("failed", happened.Member!.Name); break;
                case GossipEventKind.Left: Say("left", happened.Member!.Name); break;
                case GossipEventKind.User: Say("user", happened.Name); break;
            }
        }
    }

    private static void Say(string what, string about) => Console.Out.WriteLine($"{what} {about}");

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
