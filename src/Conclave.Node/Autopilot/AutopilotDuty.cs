using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Raft;

namespace Conclave.Node.Autopilot;

/// <summary>The leader's care for the set of servers: watches how they are doing and says which change of the configuration is due. Without effect on servers that do not lead.</summary>
/// <param name="leaderId">This server.</param>
/// <param name="contactMin">Time between two messages to an idle follower: no contact can be expected to be fresher.</param>
internal sealed class AutopilotDuty(string leaderId, TimeSpan contactMin)
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Servers that the pool has forgotten are remembered as gone until they are out of the configuration; more than these at a time are nobody's cluster.
    private const int ForgottenMax = 64;

    // Gossip may be wrong about a server that answers.
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);

    private readonly SortedDictionary<string, ServerMember> _members = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, ServerMember> _forgotten = new(StringComparer.Ordinal);
    private ServerHealth[] _servers = [];
    private Instant _leadingSince;

    /// <summary>When <see cref="Look"/> must be called at the latest.</summary>
    public Instant NextWake { get; private set; } = Instant.Never;

    /// <summary>The servers of the configuration in its order, as of the last look; empty while this server does not lead.</summary>
    public IReadOnlyList<ServerHealth> Servers => _servers;

    /// <summary>All servers that gossip knows, in ordinal order of their ids.</summary>
    public IReadOnlyCollection<ServerMember> Members => _members.Values;

    /// <summary>Whether gossip sees every server that answers this leader. One that does not, as right after a restart, knows nothing of who is missing either.</summary>
    public bool SeesWhoAnswers
    {
        get
        {
            foreach (var server in _servers)
                if (!server.IsLeader && server.Progress is { } progress && progress.LastContact < AnswersWithin && server.Member is not { Status: ServerMemberStatus.Alive or ServerMemberStatus.Leaving }) return false;
            return _servers.Length > 0;
        }
    }

    /// <summary>Takes over what gossip knows of the datacenter: the complete list. Kept by followers too, for the day they lead.</summary>
    public void OnMembers(IReadOnlyList<PoolMember> members, Instant now)
    {
        ServerMember[] before = [.. _members.Values];
        _members.Clear();
        foreach (var member in members)
        {
            if (member.Server is not { IsFitForRaft: true } server) continue;
            bool isFree = !_members.TryGetValue(server.Id, out var known) || known.Status != ServerMemberStatus.Alive;
            if (isFree || WasThere(before, server)) _members[server.Id] = server;
            _forgotten.Remove(server.Id);
        }
        foreach (var server in before)
            if (!_members.ContainsKey(server.Id) && _forgotten.Count < ForgottenMax) _forgotten[server.Id] = server with { Status = ServerMemberStatus.Left };
        if (NextWake != Instant.Never) NextWake = now;
    }

    // A stranger with the id of one that is there, a copy of its data folder say, must not take its place in the configuration.
    private static bool WasThere(ServerMember[] before, ServerMember server) =>
        server.Status == ServerMemberStatus.Alive && Array.Exists(before, other => other.Id == server.Id && other.Name == server.Name && other.Status == ServerMemberStatus.Alive);

    /// <summary>The configuration has changed, or may be changed again: look at once.</summary>
    public void Wake(Instant now)
    {
        if (NextWake != Instant.Never) NextWake = now;
    }

    /// <summary>Begins to look.</summary>
    public void TakeLeadership(Instant now)
    {
        _servers = [];
        (_leadingSince, NextWake) = (now, now);
    }

    /// <summary>Somebody else leads.</summary>
    public void Resign()
    {
        _servers = [];
        NextWake = Instant.Never;
    }

    /// <summary>The member with this id, one that was forgotten included; or null.</summary>
    public ServerMember? Find(string id) => _members.GetValueOrDefault(id) ?? _forgotten.GetValueOrDefault(id);

    /// <summary>Looks at all servers and says what should be changed, or null. To be called again after a change, and each <see cref="Period"/>.</summary>
    /// <param name="now">The time.</param>
    /// <param name="wall">The same for people.</param>
    /// <param name="config">Autopilot's settings in the state.</param>
    /// <param name="configuration">The configuration in force.</param>
    /// <param name="leader">How far this server itself is.</param>
    /// <param name="progressOf">How far another one is; null when it never answered this leader.</param>
    public ConfigurationChange? Look(Instant now, WallTime wall, AutopilotConfig config, Configuration configuration, ServerProgress leader, Func<string, ServerProgress?> progressOf)
    {
        NextWake = now + Period;
        DropForgotten(configuration);
        var looked = new ServerHealth[configuration.Servers.Length];
        for (int i = 0; i < looked.Length; i++) looked[i] = Judge(configuration.Servers[i], now, wall, config, leader, progressOf);
        _servers = looked;
        return new VoterRules(config, configuration, looked, [.. _members.Values], leaderId, now, _leadingSince).Next();
    }

    private void DropForgotten(Configuration configuration)
    {
        if (_forgotten.Count == 0) return;
        string[] ids = [.. _forgotten.Keys];
        foreach (string id in ids)
            if (configuration.Find(id) is null) _forgotten.Remove(id);
    }

    private ServerHealth Judge(RaftServer server, Instant now, WallTime wall, AutopilotConfig config, ServerProgress leader, Func<string, ServerProgress?> progressOf)
    {
        bool isLeader = server.Id == leaderId;
        var progress = isLeader ? leader : progressOf(server.Id);
        var member = Find(server.Id);
        // Gossip does not know of this server itself before its pool is up, nor of any when there is none.
        bool isHealthy = isLeader || (member is { Status: ServerMemberStatus.Alive } && progress is { } known && KeepsUp(known, leader, config));
        var before = Array.Find(_servers, other => other.Id == server.Id);
        bool isNews = before is null || before.IsHealthy != isHealthy;
        return new ServerHealth
        {
            Id = server.Id,
            Address = server.Address,
            Member = member,
            Progress = progress,
            IsVoter = server.Suffrage == Suffrage.Voter,
            IsLeader = isLeader,
            IsHealthy = isHealthy,
            Since = isNews ? now : before!.Since,
            SinceWall = isNews ? wall : before!.SinceWall,
        };
    }

    private bool KeepsUp(ServerProgress known, ServerProgress leader, AutopilotConfig config)
    {
        var threshold = new GoDuration(config.LastContactThresholdNanoseconds).ToTimeSpan();
        if (known.LastContact > (threshold > contactMin * 2 ? threshold : contactMin * 2)) return false;
        return leader.LastIndex - Math.Min(leader.LastIndex, known.LastIndex) <= config.MaxTrailingLogs;
    }
}
