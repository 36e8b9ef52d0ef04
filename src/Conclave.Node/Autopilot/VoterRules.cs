using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Raft;

namespace Conclave.Node.Autopilot;

/// <summary>A change of the Raft configuration and why.</summary>
/// <param name="Next">The whole new configuration.</param>
/// <param name="Reason">For the log.</param>
internal sealed record ConfigurationChange(Configuration Next, string Reason);

/// <summary>
/// Decides which servers belong to the Raft configuration: one change at a time, a function of what is known. The rules, first match first:
/// a server that took over an address of the configuration replaces the old entry; a server that gossip knows to be there is added without a vote; one that moved gets
/// its new address; one that left is removed; one without a vote that has been healthy for the stabilization time gets it; the dead are removed, those with a vote only where that
/// makes the cluster more tolerant of failures.
/// </summary>
/// <remarks>
/// A lone dead voter of three (five, seven) stays: without it the cluster would tolerate no more failures than with it, and it would have to wait for its vote when it comes back.
/// It goes when another server has got a vote in its place, or together with a second dead one of five.
/// </remarks>
/// <param name="config">Autopilot's settings.</param>
/// <param name="current">The configuration in force.</param>
/// <param name="servers">How the servers of the configuration are doing.</param>
/// <param name="members">All servers that gossip knows, in ordinal order of their ids.</param>
/// <param name="leaderId">This server.</param>
/// <param name="now">The time.</param>
/// <param name="leadingSince">When this server began to lead.</param>
internal readonly ref struct VoterRules(AutopilotConfig config, Configuration current, IReadOnlyList<ServerHealth> servers, IReadOnlyList<ServerMember> members, string leaderId, Instant now, Instant leadingSince)
{
    // Gossip may be wrong about a server, for instance when its packets are dropped and its streams are not: who answers the leader is not dead.
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);

    private TimeSpan StabilizationTime => new GoDuration(config.ServerStabilizationTimeNanoseconds).ToTimeSpan();

    /// <summary>The next change, or null when everything is as it should be.</summary>
    public ConfigurationChange? Next() => Replace() ?? Add() ?? Move() ?? RemoveLeft() ?? Promote() ?? (config.CleanupDeadServers ? RemoveDead() : null);

    private ConfigurationChange? Replace()
    {
        foreach (var member in members)
        {
            if (!IsNew(member) || EntryAt(member.Address) is not { } old || old.Id == leaderId) continue;
            if (MayRemove(old)) return Remove(old, $"{old.Id} at {old.Address} is replaced by {member.Name} ({member.Id})");
        }
        return null;
    }

    private ConfigurationChange? Add()
    {
        foreach (var member in members)
        {
            if (!IsNew(member) || EntryAt(member.Address) is not null) continue;
            return Change([.. current.Servers, new RaftServer(member.Id, member.Address, Suffrage.Nonvoter)], $"{member.Name} ({member.Id}) joined at {member.Address}");
        }
        return null;
    }

    private bool IsNew(ServerMember member) => member is { Status: ServerMemberStatus.Alive, IsForeign: false } && current.Find(member.Id) is null;

    private ConfigurationChange? Move()
    {
        foreach (var member in members)
        {
            if (member.Status != ServerMemberStatus.Alive || member.Id == leaderId || current.Find(member.Id) is not { } entry || entry.Address == member.Address) continue;
            if (EntryAt(member.Address) is not null) continue;
            return Change(With(entry, entry with { Address = member.Address }), $"{member.Name} ({member.Id}) moved from {entry.Address} to {member.Address}");
        }
        return null;
    }

    private ConfigurationChange? RemoveLeft()
    {
        foreach (var server in servers)
            if (server.Member is { } member && HasLeft(member, server) && server.Id != leaderId && current.Find(server.Id) is { } entry && MayRemove(entry)) return Remove(entry, $"{member.Name} ({server.Id}) left");
        return null;
    }

    private ConfigurationChange? Promote()
    {
        foreach (var server in servers)
        {
            if (server.IsVoter || !server.IsHealthy || server.Member is not { IsReadReplica: false } member || current.Find(server.Id) is not { } entry) continue;
            if (!IsStable(server)) continue;
            return Change(With(entry, entry with { Suffrage = Suffrage.Voter }), $"{member.Name} ({server.Id}) is healthy and gets its vote");
        }
        return null;
    }

    private ConfigurationChange? RemoveDead()
    {
        RaftServer? voter = null;
        int dead = 0;
        foreach (var server in servers)
        {
            if (server.Id == leaderId || !IsDead(server) || current.Find(server.Id) is not { } entry) continue;
            if (!server.IsVoter) return Remove(entry, $"{server.Id} at {server.Address} is gone");
            dead++;
            if (voter is null || string.CompareOrdinal(entry.Id, voter.Id) < 0) voter = entry;
        }
        if (voter is null || !MayRemove(voter) || current.VoterCount - 1 < config.MinQuorum) return null;
        // An even number of voters tolerates no more failures than the odd one below it; of an odd number two dead ones must go to gain something.
        bool gains = current.VoterCount % 2 == 0 || (dead >= 2 && current.VoterCount >= 5 && current.VoterCount - 2 >= config.MinQuorum);
        return gains ? Remove(voter, $"{voter.Id} at {voter.Address} is gone, the others are enough") : null;
    }

    // A server that gossip does not know may only not have been found yet: it counts as dead once there was time to find it.
    private bool IsDead(ServerHealth server)
    {
        if (server.Progress is { } progress && progress.LastContact < AnswersWithin) return false;
        if (server.Member is { } member) return member.Status == ServerMemberStatus.Failed;
        return now - leadingSince >= StabilizationTime && now - server.Since >= StabilizationTime;
    }

    // Somebody said that it goes, and it is silent: it went, or was dead when an operator said so in its place. Whoever is there objects, and answers.
    private static bool HasLeft(ServerMember member, ServerHealth server) =>
        member.Status == ServerMemberStatus.Left || (member.Status == ServerMemberStatus.Leaving && !(server.Progress is { } progress && progress.LastContact < AnswersWithin));

    // Right after an election nobody has been watched for long: those that are healthy then have been so before.
    private bool IsStable(ServerHealth server) => now - leadingSince < StabilizationTime || now - server.Since >= StabilizationTime;

    // The servers that remain must be able to commit the change and everything after it.
    private bool MayRemove(RaftServer entry)
    {
        if (entry.Suffrage != Suffrage.Voter) return true;
        int remaining = current.VoterCount - 1, answering = 0;
        foreach (var server in servers)
            if (server.IsVoter && server.Id != entry.Id && (server.IsHealthy || server.Id == leaderId)) answering++;
        return remaining > 0 && answering >= remaining / 2 + 1;
    }

    private RaftServer? EntryAt(string address)
    {
        foreach (var server in current.Servers)
            if (server.Address == address) return server;
        return null;
    }

    private ConfigurationChange Remove(RaftServer entry, string reason)
    {
        var rest = new List<RaftServer>(current.Servers.Length);
        foreach (var server in current.Servers)
            if (server.Id != entry.Id) rest.Add(server);
        return Change(rest, reason);
    }

    private List<RaftServer> With(RaftServer old, RaftServer changed)
    {
        var servers = new List<RaftServer>(current.Servers.Length);
        foreach (var server in current.Servers) servers.Add(server.Id == old.Id ? changed : server);
        return servers;
    }

    private static ConfigurationChange Change(IEnumerable<RaftServer> servers, string reason) => new(new Configuration(servers), reason);
}
