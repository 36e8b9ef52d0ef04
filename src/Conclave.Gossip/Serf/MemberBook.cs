using System.Text;
using Conclave.Core;
using Conclave.Gossip.Coordinates;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Serf;

/// <summary>
/// Serf's view of the members: who is there, leaving, left or failed. Whether a member that is gone has left or failed is decided by its intent, not by
/// membership. Those that are gone stay for a day or more, after membership has long forgotten them.
/// </summary>
internal sealed partial class MemberBook(SerfContext context, SerfBroadcasts broadcasts, EventReporter reporter, CoordinateKeeper coordinates)
{
    private readonly List<MemberRecord> _failed = [];
    private readonly List<MemberRecord> _left = [];
    private readonly Dictionary<ulong, MemberRecord> _gone = [];
    private readonly List<string> _toForget = [];
    private List<MemberRecord>? _sorted;

    /// <summary>All members.</summary>
    public int Count { get; private set; }

    public int FailedCount => _failed.Count;

    public int LeftCount => _left.Count;

    /// <summary>Members that are there, those about to leave included.</summary>
    public int AliveCount => Count - _failed.Count - _left.Count;

    public IReadOnlyList<MemberRecord> Failed => _failed;

    public IReadOnlyList<MemberRecord> Left => _left;

    /// <summary>Another number whenever something about a member that users see has changed.</summary>
    public ulong Version { get; private set; }

    /// <summary>Whether we are leaving: nobody is then told that we are there after all.</summary>
    public bool IsLeaving { get; set; }

    public MemberRecord? Find(ReadOnlySpan<byte> name)
    {
        ulong hash = context.Scratch.Hash(name);
        return context.Swim.Find(name, hash) is MemberRecord { IsListed: true } record ? record : FindGone(name, hash);
    }

    public MemberRecord? Find(string name)
    {
        Span<byte> utf8 = stackalloc byte[NodeName.BytesMax];
        return Encoding.UTF8.TryGetBytes(name, utf8, out int bytes) ? Find(utf8[..bytes]) : null;
    }

    /// <summary>The object for a member that membership does not know: the one that it had before, when it is one of those that are gone.</summary>
    public MemberRecord RecordFor(NodeName name) => FindGone(name.Utf8, name.Hash) ?? new MemberRecord(name);

    /// <summary>A member is there.</summary>
    public void OnJoined(SwimNode node)
    {
        var record = (MemberRecord)node;
        if (!record.IsListed) Add(record);
        else if (record.IsGone) RemoveGone(record);
        if (record.Status == MemberStatus.Leaving) TellItsLeave(record);
        else record.Status = MemberStatus.Alive;
        Changed(record);
        Report(GossipEventKind.Joined, "EventMemberJoin", record);
    }

    /// <summary>A member has other tags or another address.</summary>
    public void OnUpdated(SwimNode node)
    {
        if (node is not MemberRecord { IsListed: true } record) return;
        Changed(record);
        Report(GossipEventKind.Updated, "EventMemberUpdate", record);
    }

    /// <summary>
    /// A member is gone: it has left if it said so, by its intent or in the very word that it is gone, else it failed. Gossip may bring that word before the
    /// intent; peers then show a failure until the intent comes, which nobody gains from.
    /// </summary>
    public void OnGone(SwimNode node)
    {
        if (node is not MemberRecord { IsListed: true, IsGone: false } record) return;
        bool hasLeft = record.Status == MemberStatus.Leaving || node.State == SwimState.Left;
        AddGone(record, hasLeft ? MemberStatus.Left : MemberStatus.Failed);
        if (hasLeft) Report(GossipEventKind.Left, "EventMemberLeave", record);
        else Report(GossipEventKind.Failed, "EventMemberFailed", record);
        if (record.IsPruned) Erase(record, "EventMemberReap (forced)");
    }

    /// <summary>Forgets those who have been gone for too long.</summary>
    public void Reap()
    {
        Reap(_failed, context.Config.ReconnectTimeout);
        Reap(_left, context.Config.TombstoneTimeout);
        _intents.Reap(context.Now - context.Config.RecentIntentTimeout);
    }

    /// <summary>Has membership drop those that were forgotten here; not done at once because membership may be in the middle of something.</summary>
    public void ForgetBelow()
    {
        if (_toForget.Count == 0) return;
        foreach (string name in _toForget) context.Swim.Forget(name);
        _toForget.Clear();
    }

    /// <summary>All members in ordinal order of their names. Not to be changed.</summary>
    public List<MemberRecord> Sorted()
    {
        if (_sorted is not null) return _sorted;
        _sorted = new List<MemberRecord>(Count);
        foreach (var node in context.Swim.Nodes)
            if (node is MemberRecord { IsListed: true, IsGone: false } record) _sorted.Add(record);
        _sorted.AddRange(_failed);
        _sorted.AddRange(_left);
        _sorted.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return _sorted;
    }

    /// <summary>The member as users see it, kept until it changes.</summary>
    public GossipMember ViewOf(MemberRecord record) => record.View ??= MakeView(record);

    /// <summary>Whether packets may be sent there on somebody's word: only to members, so that nobody outside can be flooded through us.</summary>
    public bool IsAddressOfMember(GossipEndpoint endpoint, ReadOnlySpan<byte> name)
    {
        if (context.Swim.Find(name) is { } node && node.Endpoint == endpoint) return true;
        foreach (var other in context.Swim.Nodes)
            if (other.Endpoint == endpoint) return true;
        return false;
    }

    private GossipMember MakeView(MemberRecord record) => new()
    {
        Name = record.Name,
        Endpoint = record.Endpoint,
        Tags = new MemberTags(record.Meta),
        Status = record.Status,
        Versions = context.VersionBytes(record.Versions),
    };

    private void Add(MemberRecord record)
    {
        bool isSaid = _intents.TryTake(record.Key.Hash, out var intent);
        record.StatusTime = isSaid ? intent.Time : 0;
        record.IsPruned = isSaid && intent.IsPrune;
        record.Status = isSaid && intent.IsLeave ? MemberStatus.Leaving : MemberStatus.Alive;
        Count++;
        _sorted = null;
        Version++;
    }

    private void Changed(MemberRecord record)
    {
        record.View = null;
        Version++;
    }

    // Membership may have forgotten it.
    private MemberRecord? FindGone(ReadOnlySpan<byte> name, ulong hash) => _gone.TryGetValue(hash, out var gone) && gone.Key.Is(name, hash) ? gone : null;

    private void AddGone(MemberRecord record, MemberStatus status)
    {
        // Whoever makes members up and lets them die would else fill the memory, for they stay for days. The first ones are not always the oldest, but nearly.
        if (_gone.Count >= GossipLimits.MembersMax) Erase(_failed.Count >= _left.Count ? _failed[0] : _left[0], "EventMemberReap (too many)");
        var list = status == MemberStatus.Left ? _left : _failed;
        record.Status = status;
        Changed(record);
        record.GoneIndex = list.Count;
        list.Add(record);
        _gone[record.Key.Hash] = record;
    }

    private void RemoveGone(MemberRecord record)
    {
        var list = record.Status == MemberStatus.Left ? _left : _failed;
        var last = list[^1];
        list[record.GoneIndex] = last;
        last.GoneIndex = record.GoneIndex;
        list.RemoveAt(list.Count - 1);
        _gone.Remove(record.Key.Hash);
    }

    private void Reap(List<MemberRecord> list, TimeSpan timeout)
    {
        // From the end, because the last one takes the place of one that goes.
        for (int i = list.Count - 1; i >= 0; i--)
        {
            var own = ReconnectTag.Read(list[i].Meta.Span) ?? timeout;
            if (context.Now - list[i].GoneAt > own) Erase(list[i], "EventMemberReap");
        }
    }

    // We stay even after our own leave: users may still ask who we are.
    private void Erase(MemberRecord record, string text)
    {
        if (IsSelf(record)) return;
        RemoveGone(record);
        coordinates.Forget(record);
        Count--;
        _sorted = null;
        Version++;
        _toForget.Add(record.Name);
        Report(GossipEventKind.Reaped, text, record);
        (record.Status, record.View) = (MemberStatus.None, null);
    }

    // The member in an event is not kept: in a storm of joins nobody asks for each of them again.
    private void Report(GossipEventKind kind, string text, MemberRecord record)
    {
        context.Log(GossipLogLevel.Info, $"{text}: {record.Name} {record.Endpoint.ToIPAddress()}");
        reporter.Member(kind, record.View ?? MakeView(record));
    }
}
