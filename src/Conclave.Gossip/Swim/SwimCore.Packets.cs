using System.Buffers.Binary;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Swim;

internal sealed partial class SwimCore
{
    // Versions of the membership protocol from which a member understands something.
    private const byte TcpPingSince = 3, NackSince = 4, ChecksumSince = 5;

    // Shorter messages never shrink: the wrapping of a compressed message and the codes of more than eight bits cost more than they save.
    private const int CompressBytesMin = 64;

    // From zero, as the peers have it: small numbers make short probes and answers. An answer to an earlier life, whose numbers were higher, is not mistaken for one to us.
    private uint _sequence;

    /// <summary>A packet arrived. Whatever is in it, this returns.</summary>
    public void OnDatagram(GossipEndpoint from, ReadOnlySpan<byte> packet)
    {
        Numbers.PacketsIn++;
        Numbers.BytesIn += packet.Length;
        var reader = _scratch.Reader;
        if (reader.Open(packet, _config.Label.Span, Keyring, mayBePlain: !_config.VerifyIncoming) is var fault && fault != PacketFault.None)
        {
            Numbers.PacketsDropped++;
            if (_logGate.TryPass(_now)) Log(GossipLogLevel.Warning, $"Dropped a packet from {from}: {fault}");
            return;
        }
        int faults = 0;
        while (faults + reader.DamagedParts < GossipLimits.PacketFaultsMax && reader.TryNext(out var type, out var body))
            if (!TryHandle(from, type, body)) faults++;
        if (faults + reader.DamagedParts == 0) return;
        Numbers.MessagesDropped += faults + reader.DamagedParts;
        if (_logGate.TryPass(_now)) Log(GossipLogLevel.Warning, $"Dropped malformed messages from {from}");
    }

    /// <summary>Sends a Serf message to one member.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="name">Its name, or empty when it is not known.</param>
    /// <param name="serfMessage">The message with Serf's type byte.</param>
    public void SendUser(GossipEndpoint to, string name, ReadOnlySpan<byte> serfMessage)
    {
        var message = _scratch.Message;
        message.Clear();
        var output = message.GetSpan(1 + serfMessage.Length);
        output[0] = (byte)MessageType.User;
        serfMessage.CopyTo(output[1..]);
        message.Advance(1 + serfMessage.Length);
        Send(to, message.WrittenSpan, name.Length > 0 && _nodes.Find(name) is { } node && MaxVersionOf(node) >= ChecksumSince);
    }

    /// <summary>
    /// Sends a message at once to as many members as <see cref="GossipLimits.ToldAtOnceMax"/>, besides what gossip does with it. Gossip misses a member of a
    /// small pool once in a hundred times, and there is no second chance for the word of somebody who leaves.
    /// </summary>
    /// <param name="message">The message with its type byte; not in the scratch packet.</param>
    public void TellAtOnce(ReadOnlySpan<byte> message)
    {
        PickRandom(GossipLimits.ToldAtOnceMax, PickKind.Hearers, except: null);
        foreach (var node in _picked) Send(node.Endpoint, message, MaxVersionOf(node) >= ChecksumSince);
        _picked.Clear();
    }

    private bool TryHandle(GossipEndpoint from, MessageType type, ReadOnlySpan<byte> body)
    {
        try
        {
            switch (type)
            {
                case MessageType.Ping: OnPing(from, GossipCodec.Decode<Ping>(body)); break;
                case MessageType.IndirectPing: OnIndirectPing(from, GossipCodec.Decode<IndirectPing>(body)); break;
                case MessageType.Ack: OnAck(GossipCodec.Decode<Ack>(body)); break;
                case MessageType.Nack: OnNack(GossipCodec.Decode<Nack>(body)); break;
                case MessageType.Suspect: OnSuspect(GossipCodec.Decode<Accusation>(body)); break;
                case MessageType.Alive when _allowed.Allows(from): OnAlive(GossipCodec.Decode<Alive>(body)); break;
                case MessageType.Dead: OnDead(GossipCodec.Decode<Accusation>(body)); break;
                case MessageType.User: _owner.OnUserMessage(from, body); break;
                default: return false;
            }
            return true;
        }
        catch (Exception e) when (e is MsgPackException or GossipFormatException)
        {
            return false;                                            // counted by the caller
        }
    }

    private void OnPing(GossipEndpoint from, in Ping ping)
    {
        if (!IsForUs(ping.Node)) return;
        var message = _scratch.Message;
        message.Clear();
        var payload = _owner.AckPayload;
        GossipCodec.Encode(message, new Ack { SeqNo = ping.SeqNo, Payload = payload.IsEmpty ? default : payload });
        SendWithNews(AnswerTo(from, ping.SourceAddr, ping.SourcePort), message);
    }

    private bool IsForUs(ReadOnlySpan<byte> name) => name.IsEmpty || name.SequenceEqual(_self.Key.Utf8);

    // Newer members say where they listen; older ones are answered where the packet came from.
    private static GossipEndpoint AnswerTo(GossipEndpoint from, in GossipBytes address, ushort port) => port != 0 && TryReadEndpoint(address, port, out var told) ? told : from;

    private static bool TryReadEndpoint(in GossipBytes address, ushort port, out GossipEndpoint endpoint)
    {
        const int MappedPrefixBytes = 12;
        endpoint = default;
        var bytes = address.Span;
        if (port == 0 || bytes.Length is not (4 or GossipEndpoint.AddressBytesMax)) return false;
        // IPv4 written as IPv6 is the same member.
        if (bytes.Length == GossipEndpoint.AddressBytesMax && bytes[..10].IndexOfAnyExcept((byte)0) < 0 && bytes[10] == 0xff && bytes[11] == 0xff) bytes = bytes[MappedPrefixBytes..];
        endpoint = GossipEndpoint.From(bytes, port);
        return true;
    }

    private static byte MaxVersionOf(SwimNode node) => ProtocolVersions.Unpack(node.Versions).Max;

    private int PacketRoom => _config.PacketBytes - Label.SizeOf(_config.Label.Length) - (SendingKey is null ? 0 : PacketSeal.OverheadBytes);

    private GossipKey? SendingKey => _config.VerifyOutgoing ? Keyring?.Primary : null;

    /// <summary>Sends a message together with as much news as the packet has room for.</summary>
    private void SendWithNews(GossipEndpoint to, PooledBuffer message)
    {
        var packet = _scratch.Packet;
        packet.Reset(PacketRoom);
        if (!HasNews || !packet.TryAdd(message.WrittenSpan))
        {
            Send(to, message.WrittenSpan, withChecksum: false);
            return;
        }
        FillWithNews(packet);
        Send(to, packet.Build(), withChecksum: false);
    }

    private void FillWithNews(CompoundWriter packet)
    {
        int limit = TransmitLimit;
        _rumors.Fill(packet, limit);
        if (_owner.HasBroadcasts) _owner.FillBroadcasts(packet, limit);
    }

    private void Send(GossipEndpoint to, ReadOnlySpan<byte> message, bool withChecksum)
    {
        Span<byte> nonce = stackalloc byte[PacketSeal.NonceBytes];
        var key = SendingKey;
        if (key is not null) DrawNonce(nonce);
        var wrapping = new Wrapping(_config.EnableCompression && message.Length >= CompressBytesMin, withChecksum, key);
        var output = _outbox.BeginPacket(out int at);
        _scratch.Writer.WritePacket(message, wrapping, _config.Label.Span, nonce, output);
        _outbox.EndPacket(to, at);
        Numbers.PacketsOut++;
        Numbers.BytesOut += output.WrittenCount - at;
    }

    private void DrawNonce(Span<byte> nonce)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, _nonces.NextUInt64());
        BinaryPrimitives.WriteUInt32LittleEndian(nonce[sizeof(ulong)..], (uint)_nonces.NextUInt64());
    }
}
