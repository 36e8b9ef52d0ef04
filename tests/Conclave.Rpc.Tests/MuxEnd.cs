using System.Buffers;
using System.Text;
using Conclave.Core;
using Conclave.Rpc.Mux;

namespace Conclave.Rpc.Tests;

/// <summary>One end of a connection in memory: keeps what arrives on each stream and a log of what else happens.</summary>
internal sealed class MuxEnd : IMuxOwner, IDisposable
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly Dictionary<uint, MuxStream> _streams = [];
    private readonly Dictionary<uint, List<byte>> _received = [];

    public MuxEnd(MuxRole role, MuxLimits limits, Instant now) => Mux = new StreamMux(role, limits, this, now);

    public StreamMux Mux { get; }

    public List<string> Log { get; } = [];

    public int Opened { get; private set; }

    /// <summary>Gives credit back as soon as something arrives.</summary>
    public bool GrantsAtOnce { get; set; }

    public MuxStream Stream(uint id) => _streams.TryGetValue(id, out var stream) ? stream : _streams[id] = Find(id);

    public void Know(MuxStream stream) => _streams[stream.Id] = stream;

    public int BytesOf(uint id) => _received.TryGetValue(id, out var bytes) ? bytes.Count : 0;

    public byte[] ReceivedOn(uint id) => _received.TryGetValue(id, out var bytes) ? [.. bytes] : [];

    public string TextOf(uint id) => Encoding.UTF8.GetString(ReceivedOn(id));

    public void Send(MuxStream stream, string text) => SendBytes(stream, Encoding.UTF8.GetBytes(text));

    public void SendBytes(MuxStream stream, byte[] bytes) => Xunit.Assert.True(TrySend(stream, bytes));

    public bool TrySend(MuxStream stream, byte[] bytes)
    {
        var buffer = new PooledBuffer(bytes.Length);
        bytes.CopyTo(buffer.GetSpan(Math.Max(1, bytes.Length)));
        buffer.Advance(bytes.Length);
        if (Mux.TrySend(stream, buffer)) return true;
        buffer.Dispose();
        return false;
    }

    public void Feed(MuxHeader header)
    {
        byte[] bytes = new byte[MuxHeader.Size];
        header.CopyTo(bytes);
        Mux.OnBytes(bytes);
    }

    /// <summary>Fills the output and tells which frames are in it that were not before.</summary>
    public List<string> TakeFrames()
    {
        int before = _output.WrittenCount;
        Mux.Fill(_output, int.MaxValue);
        return Describe(_output.WrittenSpan[before..]);
    }

    /// <summary>Takes what is to be delivered.</summary>
    public byte[] TakeOutput(int wanted = int.MaxValue)
    {
        Mux.Fill(_output, wanted);
        byte[] bytes = _output.WrittenSpan.ToArray();
        _output.ResetWrittenCount();
        return bytes;
    }

    public void Dispose() => Mux.Dispose();

    void IMuxOwner.OnOpened(MuxStream stream)
    {
        Opened++;
        _streams[stream.Id] = stream;
        Log.Add($"opened {stream.Id}");
    }

    void IMuxOwner.OnData(MuxStream stream, ReadOnlySpan<byte> bytes)
    {
        if (!_received.TryGetValue(stream.Id, out var received)) _received[stream.Id] = received = [];
        received.AddRange(bytes);
        if (GrantsAtOnce) Mux.Grant(stream, bytes.Length);
    }

    void IMuxOwner.OnFinished(MuxStream stream) => Log.Add($"finished {stream.Id}");

    void IMuxOwner.OnEnded(MuxStream stream, MuxStreamEnd end) => Log.Add($"ended {stream.Id} {end}");

    private static List<string> Describe(ReadOnlySpan<byte> bytes)
    {
        var frames = new List<string>();
        while (MuxHeader.TryRead(bytes, out var header))
        {
            string kind = header.Type switch { MuxFrameType.Data => "data", MuxFrameType.WindowUpdate => "window", MuxFrameType.Ping => "ping", _ => "goaway" };
            string flags = header.Flags == MuxFlags.None ? "" : " " + header.Flags.ToString().ToLowerInvariant();
            frames.Add($"{kind}{flags} {header.Stream} {header.Length}");
            bytes = bytes[(MuxHeader.Size + header.PayloadBytes)..];
        }
        return frames;
    }

    // Own streams are remembered by whoever opened them, unless a test opens them by the dozen.
    private MuxStream Find(uint id) => Mux.TryFind(id, out var stream) ? stream : throw new InvalidOperationException($"no stream {id}");
}

/// <summary>Two ends and the wire between them.</summary>
internal sealed class MuxPair : IDisposable
{
    private static readonly Instant s_start = new(1_000);

    public MuxPair() : this(new()) { }

    public MuxPair(MuxLimits limits) : this(limits, limits) { }

    public MuxPair(MuxLimits client, MuxLimits server)
    {
        Client = new MuxEnd(MuxRole.Client, client, s_start);
        Server = new MuxEnd(MuxRole.Server, server, s_start);
    }

    public MuxEnd Client { get; }

    public MuxEnd Server { get; }

    /// <summary>Carries what is there, once in each direction.</summary>
    public void Deliver()
    {
        byte[] toServer = Client.TakeOutput(), toClient = Server.TakeOutput();
        Server.Mux.OnBytes(toServer);
        Client.Mux.OnBytes(toClient);
    }

    /// <summary>Carries until nothing is left to carry.</summary>
    public void Run()
    {
        do Deliver();
        while (Client.Mux.HasOutput || Server.Mux.HasOutput);
    }

    /// <summary>Loses what is there.</summary>
    public void Drop()
    {
        Client.TakeOutput();
        Server.TakeOutput();
    }

    public void Tick(Instant now)
    {
        Client.Mux.OnTick(now);
        Server.Mux.OnTick(now);
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }
}
