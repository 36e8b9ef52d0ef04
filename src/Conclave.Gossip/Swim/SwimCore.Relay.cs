using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Swim;

internal sealed partial class SwimCore
{
    // Probes on behalf of others by our own sequence number.
    private readonly Dictionary<uint, Relay> _relays = [];

    private void OnIndirectPing(GossipEndpoint from, in IndirectPing ping)
    {
        if (_relays.Count >= GossipLimits.RelaysMax || !TryReadEndpoint(ping.Target, ping.Port, out var target) || !_allowed.Allows(target)) return;
        uint sequence = ++_sequence;
        var timer = SetTimer(_config.ProbeTimeout, new(TimerKind.RelayEnd, sequence));
        _relays[sequence] = new Relay(AnswerTo(from, ping.SourceAddr, ping.SourcePort), ping.SeqNo, ping.Nack, timer);
        WritePing(sequence, ping.Node);
        SendWithNews(target, _scratch.Message);
    }

    private void TakeAckToAsker(uint sequence)
    {
        if (!_relays.Remove(sequence, out var relay)) return;
        _timers.Remove(relay.Timer);
        _scratch.Message.Clear();
        GossipCodec.Encode(_scratch.Message, new Ack { SeqNo = relay.SequenceOfAsker });
        SendWithNews(relay.Asker, _scratch.Message);
    }

    private void EndRelay(uint sequence)
    {
        if (!_relays.Remove(sequence, out var relay) || !relay.WantsNack) return;
        _scratch.Message.Clear();
        GossipCodec.Encode(_scratch.Message, new Nack { SeqNo = relay.SequenceOfAsker });
        SendWithNews(relay.Asker, _scratch.Message);
    }

    private readonly record struct Relay(GossipEndpoint Asker, uint SequenceOfAsker, bool WantsNack, DeadlineHandle Timer);
}
