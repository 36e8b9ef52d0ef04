using System.Text;
using Conclave.Gossip;
using Conclave.Hosting;

// Membership without a log: who is there, failure detection, events and queries, on Serf's protocol. Without arguments two members live in this program and
// talk to each other; with an address this program joins the pool there, be it of Serf agents, and says what happens until Enter:
//   dotnet run --project docs/samples/MemberList -- 127.0.0.1:7946
if (args.Length > 0)
{
    await using var guest = await Membership.StartAsync(new MembershipOptions { Name = "sample", Port = 0 });
    _ = SayWhatHappensAsync(guest);
    await guest.JoinAsync(args[0]);
    Console.ReadLine();
    await guest.LeaveAsync();
    return;
}

var quick = MembershipProfile.Local;
await using var web = await Membership.StartAsync(new MembershipOptions { Name = "web", Port = 0, Profile = quick, Tags = { ["role"] = "web" } });
await using var db = await Membership.StartAsync(new MembershipOptions { Name = "db", Port = 0, Profile = quick, Tags = { ["role"] = "db" } });
var answering = AnswerAsync(db);

Console.WriteLine($"joined {await web.JoinAsync(db.LocalEndPoint.ToString())}");
foreach (var member in web.Members) Console.WriteLine($"{member.Name} {member.Status} {member.Tag("role")}");

// Asks only those whose tag matches. Answers come one by one until the query's time is over; here the first one is enough.
var query = new GossipQuery("uptime", default) { Tags = [new("role", "^db$")], Timeout = TimeSpan.FromSeconds(30) };
await foreach (var answer in web.QueryAsync(query))
{
    Console.WriteLine($"{answer.From} says {Encoding.UTF8.GetString(answer.Payload.Span)}");
    break;
}

await db.LeaveAsync();
Console.WriteLine($"db is {web.Members.Single(member => member.Name == "db").Status}");
await db.DisposeAsync();
await answering;

static async Task AnswerAsync(Membership member)
{
    await foreach (var (happened, _) in member.WatchAsync())
        if (happened.Kind == GossipEventKind.Query) await member.RespondAsync(happened, "42 days"u8.ToArray());
}

static async Task SayWhatHappensAsync(Membership member)
{
    await foreach (var (happened, missed) in member.WatchAsync())
    {
        if (missed > 0) Console.WriteLine($"missed {missed}, the members are {string.Join(", ", member.Members.Select(known => known.Name))}");
        Console.WriteLine($"{happened.Kind} {happened.Member?.Name}{happened.Name} {Encoding.UTF8.GetString(happened.Payload.Span)}");
    }
}
