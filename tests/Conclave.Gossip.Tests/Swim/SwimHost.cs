using System.Buffers;
using System.Text;
using Conclave.Core;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>One <see cref="SwimCore"/> with a layer above that writes down what it is told.</summary>
internal sealed class SwimHost : ISwimOwner
{
    private readonly Queue<byte[]> _broadcasts = [];

    public SwimHost(GossipConfig config, Instant now, ulong seed = 1, Keyring? keyring = null, GossipScratch? scratch = null)
    {
        Config = config;
        Core = new SwimCore(config, keyring, this, Outbox, scratch ?? new GossipScratch(seed), new Prng(seed), now);
    }

    public GossipConfig Config { get; }

    public GossipOutbox Outbox { get; } = new();

    public SwimCore Core { get; }

    public string Name => Config.Name;

    public GossipEndpoint Endpoint => Config.Advertise;

    /// <summary>What happened, as texts: <c>joined b</c>, <c>dead b</c>, <c>left b</c>, …</summary>
    public List<string> Told { get; } = [];

    public List<(long Ticket, string? Error)> Exchanges { get; } = [];

    public List<string> UserMessages { get; } = [];

    public byte[] OwnMeta { get; set; } = [];

    public byte[] Payload { get; set; } = [];

    public byte[] UserState { get; set; } = [];

    public string? Refusal { get; set; }

    public string? MergeRefusal { get; set; }

    public int LeavesSent { get; private set; }

    public int Merged { get; private set; }

    public TimeSpan LastRoundTrip { get; private set; }

    public ReadOnlyMemory<byte> Meta => OwnMeta;

    public bool HasBroadcasts => _broadcasts.Count > 0;

    public ReadOnlySpan<byte> AckPayload => Payload;

    public void Broadcast(string text) => _broadcasts.Enqueue([8, .. Encoding.UTF8.GetBytes(text)]);

    public SwimNode Node(string name) => Core.Find(name) ?? throw new InvalidOperationException($"{Name} does not know {name}");

    public SwimState StateOf(string name) => Node(name).State;

    public string? Refuse(string name, GossipEndpoint endpoint, ReadOnlySpan<byte> meta, ReadOnlySpan<byte> versions) => Refusal;

    public string? RefuseMerge(in PushPull state) => MergeRefusal;

    public SwimNode NodeFor(NodeName name) => new(name);

    public void OnJoined(SwimNode node) => Told.Add("joined " + node.Name);

    public void OnUpdated(SwimNode node) => Told.Add("updated " + node.Name);

    public void OnGone(SwimNode node) => Told.Add((node.State == SwimState.Left ? "left " : "dead ") + node.Name);

    public void OnConflict(SwimNode known, GossipEndpoint other, ReadOnlySpan<byte> meta) => Told.Add($"conflict {known.Name} {other}");

    public void OnUserMessage(GossipEndpoint from, ReadOnlySpan<byte> message) => UserMessages.Add(Encoding.UTF8.GetString(message));

    public void FillBroadcasts(CompoundWriter packet, int transmitLimit)
    {
        while (_broadcasts.TryPeek(out var next) && packet.TryAdd(next)) _broadcasts.Dequeue();
    }

    public void WriteState(IBufferWriter<byte> output, bool isJoin) => output.Write(UserState);

    public void MergeState(ReadOnlySpan<byte> state, bool isJoin) => Merged++;

    public void OnProbed(SwimNode node, TimeSpan roundTrip, ReadOnlySpan<byte> payload)
    {
        LastRoundTrip = roundTrip;
        Told.Add($"probed {node.Name} {Encoding.UTF8.GetString(payload)}");
    }

    public void OnExchanged(long ticket, string? error) => Exchanges.Add((ticket, error));

    public void OnLeaveSent() => LeavesSent++;
}
