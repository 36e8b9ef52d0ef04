using System.Text;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Serf;

/// <summary>User events: fired here or elsewhere, each told to the application once, and passed on.</summary>
internal sealed class UserEvents(SerfContext context, SerfBroadcasts broadcasts, EventReporter reporter)
{
    /// <summary>The highest limit that peers let users configure: what is longer comes from nobody honest.</summary>
    public const int EventBytesMax = 9 * 1024;

    private bool _isFullSaid;

    public EventRing Ring { get; } = new(context.Config.EventBuffer);

    /// <summary>Sends an event of ours. Errors are worded as peers word them.</summary>
    public bool TryFire(string name, ReadOnlySpan<byte> payload, bool mayCoalesce, out string error)
    {
        int limit = Math.Min(context.Config.UserEventBytesMax, EventBytesMax);
        var utf8 = Encoding.UTF8.GetBytes(name);
        if (utf8.Length + payload.Length > limit) return Refuse($"user event exceeds configured limit of {limit} bytes before encoding", out error);
        context.Buffer.Clear();
        GossipCodec.Encode(context.Buffer, new UserEvent { LTime = context.EventClock.Time, Name = utf8, Payload = payload, Coalesce = mayCoalesce });
        if (context.Buffer.WrittenCount > limit) return Refuse($"user event exceeds configured limit of {limit} bytes after encoding", out error);
        error = "";
        broadcasts.PassOn(broadcasts.Events, context.Buffer.WrittenSpan);
        Take(context.EventClock.Take(), utf8, payload, mayCoalesce);
        return true;
    }

    /// <summary>An event arrived. Returns whether it is news, to be passed on.</summary>
    public bool OnEvent(ulong time, ReadOnlySpan<byte> name, ReadOnlySpan<byte> payload, bool mayCoalesce)
    {
        if (name.Length + payload.Length > EventBytesMax || !context.EventClock.Witness(time))
        {
            context.MessagesDropped++;
            return false;
        }
        return Take(time, name, payload, mayCoalesce);
    }

    private bool Take(ulong time, ReadOnlySpan<byte> name, ReadOnlySpan<byte> payload, bool mayCoalesce)
    {
        var outcome = Ring.Add(time, context.EventClock.Time, name, payload, out var kept);
        if (outcome == RingOutcome.Full) SayFull(time);
        if (outcome != RingOutcome.New) return false;
        reporter.User(new GossipEvent
        {
            Kind = GossipEventKind.User,
            Name = Encoding.UTF8.GetString(name),
            Payload = kept.Payload,
            LamportTime = time,
            MayCoalesce = mayCoalesce,
        });
        return true;
    }

    private void SayFull(ulong time)
    {
        context.MessagesDropped++;
        if (_isFullSaid) return;
        _isFullSaid = true;
        context.Log(GossipLogLevel.Warning, $"More user events at time {time} than can be told apart ({EventRing.SlotBytesMax} bytes); further ones are dropped, said once");
    }

    private static bool Refuse(string reason, out string error)
    {
        error = reason;
        return false;
    }
}
