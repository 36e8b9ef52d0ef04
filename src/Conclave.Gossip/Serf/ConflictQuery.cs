using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Serf;

/// <summary>Asks the members whom they know under our name, after somebody else was there under it. Whoever the majority does not know must go.</summary>
internal sealed class ConflictQuery(SerfContext context, Action onOver) : OwnQuery(context)
{
    private int _answers, _forUs;

    public override void OnDone()
    {
        onOver();
        // With no answer at all there is no majority either: peers go then, and so do we, or both would stay.
        bool isMajority = _forUs >= _answers / 2 + 1;
        if (isMajority)
        {
            Context.Log(GossipLogLevel.Info, $"majority in name conflict resolution [{_forUs} / {_answers}]");
            return;
        }
        Context.Log(GossipLogLevel.Warning, $"minority in name conflict resolution, quiting [{_forUs} / {_answers}]");
        Context.Outbox.Fatal = $"another member has the name {Context.Config.Name} ({_forUs} of {_answers} members are for us)";
    }

    protected override void OnAck(string from)
    {
        // Not asked for.
    }

    protected override void OnAnswer(string from, ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty || payload[0] != (byte)SerfMessageType.ConflictResponse)
        {
            Context.MessagesDropped++;
            return;
        }
        try
        {
            var member = GossipCodec.Decode<SerfMember>(payload[1..]);
            _answers++;
            if (IsOurs(member)) _forUs++;
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            Context.MessagesDropped++;
        }
    }

    private bool IsOurs(in SerfMember member) =>
        !member.IsUnknown && SerfAddress.TryRead(member.Addr.Span, member.Port, out var endpoint) && endpoint == Context.Config.Advertise;
}
