using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Swim;

internal sealed partial class SwimCore
{
    // The one probe under way; all of it is worth nothing while _probed is null.
    private SwimNode? _probed;
    private uint _probeSequence;
    private Instant _probedAt;
    private DeadlineHandle _probeTimer;
    private DeadlineHandle _probeEndTimer;
    private long _probeStream;
    private int _nacksWanted;
    private int _nacks;
    private bool _isProbeDirect;
    private bool _isProbeAgain;
    private bool _isStreamAnswered;
    private bool _isRoundTripKnown;

    // Members before this place were probed in this round.
    private int _probeIndex;

    private void OnProbeTick()
    {
        SetTimer(_config.ProbeInterval, new(TimerKind.Probe));
        if (_probed is null && NextToProbe() is { } node) Probe(node);
    }

    private SwimNode? NextToProbe()
    {
        for (int looked = 0; looked < _nodes.Count; looked++)
        {
            if (_probeIndex >= _nodes.Count)
            {
                ForgetTheLongDead();
                _nodes.Shuffle(_random);
                _probeIndex = 0;
            }
            var node = _nodes[_probeIndex++];
            if (node.IsThere && node != _self) return node;
        }
        return null;
    }

    private void Probe(SwimNode node)
    {
        _probed = node;
        _probeSequence = ++_sequence;
        _isRoundTripKnown = true;
        StartProbe(node);
        _isProbeAgain = false;
    }

    private void StartProbe(SwimNode node)
    {
        _probedAt = _clock;
        _probeStream = 0;
        (_nacksWanted, _nacks) = (0, 0);
        (_isProbeDirect, _isStreamAnswered) = (true, false);
        _probeTimer = SetTimer(_config.ProbeTimeout, new(TimerKind.ProbeIndirectly));
        _probeEndTimer = SetTimer(_config.ProbeInterval * (HealthScore + 1), new(TimerKind.ProbeEnd));
        SendPing(node);
    }

    // The answer may have been lost because nobody was there to hear it. Once for each probe: a process that is stopped again and again must come to an end too.
    private void RestartProbe()
    {
        if (_probed is not { } node || _isProbeAgain) return;
        StopProbe();
        _probed = node;
        StartProbe(node);
        _isProbeAgain = true;
    }

    private void SendPing(SwimNode node)
    {
        WritePing(_probeSequence, node.Key.Utf8);
        var message = _scratch.Message;
        var packet = _scratch.Packet;
        packet.Reset(PacketRoom);
        if (node.State == SwimState.Alive || !packet.TryAdd(message.WrittenSpan))
        {
            SendWithNews(node.Endpoint, message);
            return;
        }
        // Who is suspected hears of it together with the ping, so that it can refute at once.
        message.Clear();
        GossipCodec.EncodeSuspect(message, new Accusation { Incarnation = node.Incarnation, Node = node.Key.Utf8, From = _self.Key.Utf8 });
        packet.TryAdd(message.WrittenSpan);
        Send(node.Endpoint, packet.Build(), MaxVersionOf(node) >= ChecksumSince);
    }

    private void WritePing(uint sequence, ReadOnlySpan<byte> node)
    {
        Span<byte> address = stackalloc byte[GossipEndpoint.AddressBytesMax];
        var endpoint = _self.Endpoint;
        _scratch.Message.Clear();
        GossipCodec.Encode(_scratch.Message, new Ping
        {
            SeqNo = sequence,
            Node = node,
            SourceAddr = (ReadOnlySpan<byte>)address[..endpoint.CopyAddress(address)],
            SourcePort = endpoint.Port,
            SourceNode = _self.Key.Utf8,
        });
    }

    private void ProbeIndirectly()
    {
        var node = _probed!;
        _isProbeDirect = false;
        PickRandom(_config.IndirectChecks, PickKind.Alive, node);
        foreach (var helper in _picked)
        {
            bool takesNack = MaxVersionOf(helper) >= NackSince;
            if (takesNack) _nacksWanted++;
            WriteIndirectPing(node, takesNack);
            SendWithNews(helper.Endpoint, _scratch.Message);
        }
        _picked.Clear();
        if (MaxVersionOf(node) >= TcpPingSince) _probeStream = DialPing(node);
    }

    private void WriteIndirectPing(SwimNode node, bool takesNack)
    {
        Span<byte> source = stackalloc byte[GossipEndpoint.AddressBytesMax];
        Span<byte> target = stackalloc byte[GossipEndpoint.AddressBytesMax];
        var own = _self.Endpoint;
        var endpoint = node.Endpoint;
        _scratch.Message.Clear();
        GossipCodec.Encode(_scratch.Message, new IndirectPing
        {
            SeqNo = _probeSequence,
            Target = (ReadOnlySpan<byte>)target[..endpoint.CopyAddress(target)],
            Port = endpoint.Port,
            Node = node.Key.Utf8,
            Nack = takesNack,
            SourceAddr = (ReadOnlySpan<byte>)source[..own.CopyAddress(source)],
            SourcePort = own.Port,
            SourceNode = _self.Key.Utf8,
        });
    }

    private void OnAck(in Ack ack)
    {
        if (_probed is { } node && ack.SeqNo == _probeSequence) OnProbeAnswered(node, ack.Payload.Span);
        else TakeAckToAsker(ack.SeqNo);
    }

    private void OnNack(in Nack nack)
    {
        if (_probed is not null && nack.SeqNo == _probeSequence && _nacks < _nacksWanted) _nacks++;
    }

    private void OnProbeAnswered(SwimNode node, ReadOnlySpan<byte> payload)
    {
        var roundTrip = _clock - _probedAt;
        bool isMeasured = _isProbeDirect && _isRoundTripKnown;
        StopProbe();
        ChangeHealth(-1);
        if (isMeasured) _owner.OnProbed(node, roundTrip, payload);
    }

    private void EndProbe()
    {
        var node = _probed!;
        bool isReachedByStream = _isStreamAnswered;
        int doubt = _nacksWanted > 0 ? _nacksWanted - _nacks : 1;
        StopProbe();
        if (isReachedByStream)
        {
            ChangeHealth(-1);
            if (_logGate.TryPass(_now)) Log(GossipLogLevel.Warning, $"Was able to connect to {node.Name} over TCP but UDP probes failed, network may be misconfigured");
            return;
        }
        Numbers.ProbesFailed++;
        ChangeHealth(doubt);
        if (node.State == SwimState.Alive)
        {
            Log(GossipLogLevel.Info, $"Suspect {node.Name} has failed, no acks received");
            Suspect(node, node.Incarnation, _self.Key);
        }
        else if (node.Suspicion is { } suspicion) Confirm(suspicion, new Accusation { Incarnation = node.Incarnation, Node = node.Key.Utf8, From = _self.Key.Utf8 });
    }

    private void StopProbe()
    {
        _timers.Remove(_probeTimer);
        _timers.Remove(_probeEndTimer);
        if (_probeStream != 0) CloseStream(_probeStream);
        _probeStream = 0;
        _probed = null;
    }
}
