using System.Buffers.Binary;
using Conclave.Core;
using Conclave.Gossip;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;

namespace Conclave.Fuzz.Pools;

/// <summary>A pool with a few members, and what a host would carry out for it. Each step is held to what it may cost.</summary>
internal sealed class PoolLife : IDisposable
{
    // A message may make a member, an event and a line for the log; a packet holds as many as it has bytes to.
    private const int PacketCostBytes = 256 * 1024, PacketCostPerByte = 2048;

    // Everything a stream says is there once as bytes and once unpacked, which is measured before.
    private const long StreamCostBytes = 4L * GossipLimits.StreamMessageBytesMax;
    private const int PacketsPerInput = 2048;

    private readonly GossipPool _pool;
    private readonly Queue<long> _dialled = [];
    private readonly Queue<long> _asked = [];
    private Instant _now = new(1_000_000_000);
    private long _lastAccepted;
    private long _lastRequest;

    public PoolLife(GossipScratch scratch)
    {
        // What it sends need not be compressed: that would take most of the time and is none of what is tried here.
        var config = GossipConfig.Lan("self", MessageMaker.EndpointOf(1)) with { ResolveNameConflicts = false, KeepSnapshot = true, EnableCompression = false, Tags = [new("role", "consul")] };
        _pool = new GossipPool(config, new GossipStart(), new Prng(7), _now, scratch);
        for (int i = 0; i < Known.Length; i++) _pool.OnDatagram(MessageMaker.EndpointOf(i + 2), Known[i]);
        CarryOut();
    }

    /// <summary>What came of it, in a number that is the same for lives with similar ends: new ones are worth keeping as starts for others.</summary>
    public ulong Signature { get; private set; }

    // Alive messages of the members that the pool knows.
    private static byte[][] Known { get; } = [.. Enumerable.Range(0, 4).Select(i => KnownMember(((char)('b' + i)).ToString(), i + 2))];

    public void Run(ReadOnlySpan<byte> script)
    {
        while (PoolScript.TryRead(ref script, out var step, out var content)) Take(step, content);
        // Whatever was said, the pool goes on: it wakes up now and then, and not all the time.
        PassTime(TimeSpan.FromSeconds(2));
        Check();
    }

    public void Dispose() => _pool.Dispose();

    private void Take(PoolStep step, ReadOnlySpan<byte> content)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        switch (step)
        {
            case PoolStep.Packet: _pool.OnDatagram(MessageMaker.EndpointOf(2), content); break;
            case PoolStep.Request: Request(content, content.Length); break;
            case PoolStep.RequestInPieces: Request(content, 7); break;
            case PoolStep.Answer when _dialled.TryDequeue(out long stream): Answer(stream, content); break;
            case PoolStep.Failure when _dialled.TryDequeue(out long stream): _pool.OnStreamEnded(stream, "refused"); break;
            case PoolStep.Time: PassTime(TimeSpan.FromMilliseconds(content.Length < 2 ? 100 : BinaryPrimitives.ReadUInt16BigEndian(content))); break;
            case PoolStep.Wish when content.Length > 0: Wish(content[0], content[1..]); break;
        }
        long cost = GC.GetAllocatedBytesForCurrentThread() - before;
        bool isStream = step is PoolStep.Request or PoolStep.RequestInPieces or PoolStep.Answer;
        long allowed = isStream && HasCompression(content) ? StreamCostBytes : PacketCostBytes + (long)content.Length * PacketCostPerByte;
        if (step != PoolStep.Time) Promise(cost <= allowed, $"{step} of {content.Length} bytes allocated {cost}");
        CarryOut();
    }

    private static bool HasCompression(ReadOnlySpan<byte> content) => content.Contains((byte)9);

    private void Request(ReadOnlySpan<byte> content, int pieceBytes)
    {
        long stream = --_lastAccepted;
        if (!_pool.TryAccept(stream, MessageMaker.EndpointOf(3))) return;
        for (; content.Length > pieceBytes && pieceBytes > 0; content = content[pieceBytes..]) _pool.OnStreamBytes(stream, content[..pieceBytes]);
        _pool.OnStreamBytes(stream, content);
        _pool.OnStreamEnded(stream, null);
    }

    private void Answer(long stream, ReadOnlySpan<byte> content)
    {
        _pool.OnStreamBytes(stream, content);
        _pool.OnStreamEnded(stream, null);
    }

    private void Wish(byte what, ReadOnlySpan<byte> content)
    {
        switch (what % 9)
        {
            case 0: _pool.Join(++_lastRequest, [new GossipTarget(MessageMaker.EndpointOf(content.Length))], ignoreOldEvents: content.Length % 2 == 0); break;
            case 1: _pool.TryFireEvent("event", content[..Math.Min(content.Length, 100)], mayCoalesce: true, out _); break;
            case 2: _pool.TryStartQuery(++_lastRequest, new GossipQuery("ask", content[..Math.Min(content.Length, 100)].ToArray()) { WantAcks = true, RelayFactor = what }, out _); break;
            case 3 when _asked.TryDequeue(out long query): _pool.TryRespond(query, content[..Math.Min(content.Length, 2000)], out _); break;
            case 4: _pool.TryForceLeave("b", prune: content.Length % 2 == 0, out _); break;
            case 5: _pool.TrySetTags([new("role", "web"), new("n", content.Length.ToString(System.Globalization.CultureInfo.InvariantCulture))], out _); break;
            case 6: _pool.ManageKeys(++_lastRequest, KeyOperation.List, default, 0); break;
            case 7: _pool.OnFileFailed(GossipFileWork.AppendSnapshot, "full"); break;
            case 8 when content.Length > 200: _pool.Leave(++_lastRequest); break;
        }
    }

    private void PassTime(TimeSpan time)
    {
        var end = _now + time;
        for (int ticks = 0; _pool.NextWake <= end; ticks++)
        {
            Promise(ticks < 10_000, "time passes in a bounded number of steps");
            if (_pool.NextWake > _now) _now = _pool.NextWake;
            _pool.OnTick(_now);
            CarryOut();
        }
        _now = end;
        _pool.OnTick(_now);
        CarryOut();
    }

    private void CarryOut()
    {
        var outbox = _pool.Outbox;
        Promise(outbox.PacketCount <= PacketsPerInput, $"{outbox.PacketCount} packets at once");
        for (int i = 0; i < outbox.PacketCount; i++) Promise(outbox.Packet(i).Bytes.Length is > 0 and <= GossipLimits.PacketBytesMax, "a packet's size");
        foreach (var dial in outbox.Dials) _dialled.Enqueue(dial.Stream);
        foreach (var happened in outbox.Events)
        {
            Signature |= 1UL << (int)happened.Kind;
            if (happened.Kind == GossipEventKind.Query) _asked.Enqueue(happened.Query);
        }
        if (outbox.Answers.Count > 0) Signature |= 1UL << 20;
        if (outbox.Closes.Count > 0) Signature |= 1UL << 21;
        if (outbox.Files.Count > 0) Signature |= 1UL << 22;
        foreach (var done in outbox.Completions) Signature |= done.Error is null ? 1UL << 23 : 1UL << 24;
        foreach (var line in outbox.Log) Signature |= 1UL << (25 + (int)(StableHash.Of(Shape(line.Text)) % 36));
        outbox.Clear();
    }

    // A line's words before the first number or quotation: which of the lines it is.
    private static string Shape(string line)
    {
        int end = line.AsSpan().IndexOfAny("0123456789'\":");
        return line[..(end < 0 ? Math.Min(line.Length, 24) : Math.Min(end, 24))];
    }

    private void Check()
    {
        var members = new List<GossipMember>();
        _pool.CopyMembers(members);
        Promise(members.Count == _pool.MemberCount, "the members are as many as they say");
        Promise(_pool.Self.Name == "self", "we know ourselves");
        Promise(members.Count == _pool.AliveCount + _pool.FailedCount + _pool.LeftCount, "each member is there, failed or left");
        for (int i = 1; i < members.Count; i++) Promise(string.CompareOrdinal(members[i - 1].Name, members[i].Name) < 0, "names are in order and unique");
        foreach (var member in members) Promise(member.Tags.Count >= 0, "tags can be read");
    }

    private static void Promise(bool holds, string what) => Targets.Promise.Holds(holds, what);

    private static byte[] KnownMember(string name, int number)
    {
        using var output = new PooledBuffer();
        NodeMeta.TryEncode([new("role", "web")], out var meta);
        GossipCodec.Encode(output, new Alive
        {
            Incarnation = 1,
            Node = System.Text.Encoding.UTF8.GetBytes(name),
            Addr = (ReadOnlySpan<byte>)[10, 0, 0, (byte)number],
            Port = 8301,
            Meta = (ReadOnlySpan<byte>)meta,
            Vsn = (ReadOnlySpan<byte>)[1, 5, 2, 2, 5, 4],
        });
        return output.ToArray();
    }
}
