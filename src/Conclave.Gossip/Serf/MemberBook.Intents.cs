using Conclave.Gossip.Messages;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Serf;

internal sealed partial class MemberBook
{
    private readonly RecentIntents _intents = new();

    /// <summary>Intents kept for members that are not known yet.</summary>
    public int IntentCount => _intents.Count;

    /// <summary>
    /// A member wants to leave, or is made to. Returns whether that is news, to be passed on. To one about us that has the very time of our own word we object as
    /// well: in two parts of a split pool the clocks may stand alike, and where the other word came first ours is no news.
    /// </summary>
    public bool OnLeaveIntent(ReadOnlySpan<byte> name, ulong time, bool prune)
    {
        if (!context.MemberClock.Witness(time)) return Drop();
        var record = Find(name);
        if (record is null) return TryBuffer(name, isLeave: true, prune, time);
        if (time < record.StatusTime) return false;
        if (IsSelf(record) && !IsLeaving)
        {
            context.LogOfOthers(GossipLogLevel.Debug, "Refuting an older leave intent");
            AnnounceJoin();
            return false;
        }
        if (time == record.StatusTime) return false;
        record.StatusTime = time;
        record.IsPruned |= prune;
        if (record.Status == MemberStatus.Failed)
        {
            TurnLeft(record);
        }
        else if (record.Status == MemberStatus.Alive)
        {
            record.Status = MemberStatus.Leaving;
            Changed(record);
        }
        if (record is { IsPruned: true, IsGone: true }) Erase(record, "EventMemberReap (forced)");
        return true;
    }

    /// <summary>A member says that it has joined. Returns whether that is news, to be passed on.</summary>
    public bool OnJoinIntent(ReadOnlySpan<byte> name, ulong time)
    {
        if (!context.MemberClock.Witness(time)) return Drop();
        var record = Find(name);
        if (record is null) return TryBuffer(name, isLeave: false, prune: false, time);
        if (time <= record.StatusTime) return false;
        record.StatusTime = time;
        if (record.Status != MemberStatus.Leaving) return true;
        record.Status = MemberStatus.Alive;                     // the leave was about an earlier life
        record.IsPruned = false;
        Changed(record);
        return true;
    }

    /// <summary>
    /// Another member lists this one as having left at <paramref name="time"/>. Of one that is there for us this is believed by itself alone, which says that it
    /// is still there: if it has really left, its death arrives as well and a later list says why. One that is not known is not waited for either. Peers take it for an intent one tick later, which can meet
    /// the intent of one that has come back at just that tick, and then stays for good.
    /// </summary>
    public void OnKnownLeft(ReadOnlySpan<byte> name, ulong time)
    {
        if (!context.MemberClock.Witness(time))
        {
            Drop();
            return;
        }
        if (Find(name) is not { } record || time < record.StatusTime) return;
        if (record.IsGone)
        {
            record.StatusTime = time;
            if (record.Status == MemberStatus.Failed) TurnLeft(record);
        }
        else if (IsSelf(record) && !IsLeaving)
        {
            context.Log(GossipLogLevel.Debug, "Refuting an older leave intent");
            AnnounceJoin();
        }
    }

    /// <summary>
    /// Another member lists this one as not having left, by an intent of <paramref name="time"/>. About us that may be an intent to leave that somebody has made in our name and that we never
    /// heard: the list does not say, and whoever keeps it sees us leaving for good. We say that we are there.
    /// </summary>
    public void OnKnownThere(ReadOnlySpan<byte> name, ulong time)
    {
        bool isNewsAboutUs = Find(name) is { } record && IsSelf(record) && time > record.StatusTime;
        if (OnJoinIntent(name, time) && isNewsAboutUs && !IsLeaving) AnnounceJoin();
    }

    /// <summary>Tells all that we are there.</summary>
    public void AnnounceJoin()
    {
        ulong time = context.MemberClock.Time;
        OnJoinIntent(context.Self.Utf8, time);
        broadcasts.Add(new JoinIntent { LTime = time, Node = context.Self.Utf8 });
    }

    /// <summary>Tells all that a member leaves, and believes it; returns the ticket of the message.</summary>
    public ulong AnnounceLeave(string name, bool prune)
    {
        ulong time = context.MemberClock.Take();
        var utf8 = context.Scratch.Name(name).Utf8;
        OnLeaveIntent(utf8, time, prune);
        return broadcasts.Add(new LeaveIntent { LTime = time, Node = utf8, Prune = prune });
    }

    // What was said of it before it came, while it was forgotten or not yet known: it may have been out of reach and then cannot object, because a list of ours shows
    // the time of an intent and not which one it was, and the word of its return may have just that time. Everybody hears it once more, itself included.
    private void TellItsLeave(MemberRecord record) =>
        broadcasts.Repeat(new LeaveIntent { LTime = record.StatusTime, Node = record.Key.Utf8, Prune = record.IsPruned });

    private bool IsSelf(MemberRecord record) => record.Name == context.Self.Text;

    private bool TryBuffer(ReadOnlySpan<byte> name, bool isLeave, bool prune, ulong time) =>
        NodeName.IsAcceptable(name) && _intents.TryAdd(context.Scratch.Hash(name), new RecentIntent(time, isLeave, prune, context.Now), Count);

    private bool Drop()
    {
        context.MessagesDropped++;
        return false;
    }

    private void TurnLeft(MemberRecord record)
    {
        RemoveGone(record);
        AddGone(record, MemberStatus.Left);
        Report(GossipEventKind.Left, "EventMemberLeave (forced)", record);
    }
}
