using Conclave.Core;
using Conclave.Rpc.Mux;
using Conclave.Tests;

namespace Conclave.Rpc.Tests;

/// <summary>Two muxes under random use, compared with what a naive twin expects: each stream is two plain lists of bytes.</summary>
public class StreamMuxModelTests
{
    private static readonly Instant s_start = new(1_000);

    [Fact]
    public void Whatever_is_sent_arrives_in_order_and_whole_however_the_connection_cuts_it() => Property.Check<int>(seed =>
    {
        using var run = new Run(seed);
        for (int step = 0; step < 120; step++) run.Step();
        run.Settle();
        return run.IsAsExpected();
    });

    [Fact]
    public void Random_frames_never_throw_and_never_hold_more_than_the_bounds() => Property.Check<int>(seed =>
    {
        var random = new Random(seed);
        var limits = new MuxLimits { StreamsMax = 8, UnsentPongsMax = 4, UnsentResetsMax = 4 };
        using var end = new MuxEnd((MuxRole)random.Next(2), limits, s_start);
        var now = s_start;
        for (int i = 0; i < 200 && !end.Mux.IsOver; i++)
        {
            var header = new MuxHeader((MuxFrameType)random.Next(4), (MuxFlags)random.Next(16), (uint)random.Next(12), (uint)(random.Next(3) == 0 ? random.Next(1 << 20) : random.Next(200)));
            end.Feed(header);
            if (header.Type == MuxFrameType.Data) end.Mux.OnBytes(new byte[random.Next(200)]);
            if (random.Next(4) == 0) end.TakeOutput();
            end.Mux.OnTick(now += TimeSpan.FromSeconds(random.Next(20)));
            if (random.Next(8) == 0 && end.Mux.TryOpen(out var stream)) end.TrySend(stream, new byte[10]);
            Assert.InRange(end.Mux.StreamCount, 0, limits.StreamsMax);
            for (uint id = 0; id < 12; id++) Assert.InRange(end.BytesOf(id), 0, 200 * 200 + (int)MuxHeader.WindowBytes);
        }
        return true;
    });

    [Fact]
    public void Cutting_what_arrives_changes_nothing() => Property.Check<int>(seed =>
    {
        var random = new Random(seed);
        byte[] bytes = RandomConnection(random);
        using MuxEnd whole = new(MuxRole.Server, new(), s_start), cut = new(MuxRole.Server, new(), s_start);
        whole.Mux.OnBytes(bytes);
        for (int at = 0; at < bytes.Length;)
        {
            int piece = Math.Min(bytes.Length - at, random.Next(1, 40));
            cut.Mux.OnBytes(bytes.AsSpan(at, piece));
            at += piece;
        }
        Assert.Equal(whole.Log, cut.Log);
        Assert.Equal(whole.Mux.Failure, cut.Mux.Failure);
        for (uint id = 1; id < 20; id++) Assert.Equal(whole.ReceivedOn(id), cut.ReceivedOn(id));
        return whole.TakeOutput().AsSpan().SequenceEqual(cut.TakeOutput());
    });

    private static byte[] RandomConnection(Random random)
    {
        using var client = new MuxEnd(MuxRole.Client, new(), s_start);
        var streams = new List<MuxStream>();
        for (int i = 0; i < 30; i++)
            switch (random.Next(4))
            {
                case 0 when client.Mux.TryOpen(out var opened): streams.Add(opened); break;
                case 1 when streams.Count > 0: client.TrySend(streams[random.Next(streams.Count)], RandomBytes(random, 300)); break;
                case 2 when streams.Count > 0 && random.Next(3) == 0: client.Mux.Finish(streams[random.Next(streams.Count)]); break;
                case 3 when streams.Count > 0 && random.Next(4) == 0: client.Mux.Reset(streams[random.Next(streams.Count)]); break;
            }
        byte[] bytes = client.TakeOutput();
        if (random.Next(3) == 0 && bytes.Length > 0) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    private static byte[] RandomBytes(Random random, int max)
    {
        byte[] bytes = new byte[random.Next(1, max)];
        random.NextBytes(bytes);
        return bytes;
    }

    private sealed class Run : IDisposable
    {
        private readonly Random _random;
        private readonly MuxEnd[] _ends;
        private readonly Queue<byte>[] _wires = [new(), new()];
        private readonly Dictionary<(int End, uint Id), List<byte>> _sent = [];
        private readonly Dictionary<(int End, uint Id), MuxStream> _open = [];
        private readonly HashSet<uint> _reset = [];

        public Run(int seed)
        {
            _random = new Random(seed);
            var limits = new MuxLimits { FrameBytesMax = _random.Next(1, 5000), StreamsMax = _random.Next(2, 20), UnsentBytesPerStreamMax = 1 << 20 };
            _ends = [new MuxEnd(MuxRole.Client, limits, s_start), new MuxEnd(MuxRole.Server, limits with { StreamsMax = 1000 }, s_start)];
            foreach (var end in _ends) end.GrantsAtOnce = true;
        }

        public void Step()
        {
            int side = _random.Next(2);
            var end = _ends[side];
            switch (_random.Next(8))
            {
                case 0 when side == 0 && end.Mux.TryOpen(out var opened):
                    end.Know(opened);
                    _open[(0, opened.Id)] = opened;
                    break;
                case 1 or 2 or 3:
                    if (Pick(side) is { } sending) Send(side, sending, RandomBytes(_random, _random.Next(10) == 0 ? 400_000 : 2000));
                    break;
                case 4 when _random.Next(4) == 0:
                    if (Pick(side) is { } finishing) end.Mux.Finish(finishing);
                    break;
                case 5 when _random.Next(10) == 0:
                    if (Pick(side) is { } resetting && _reset.Add(resetting.Id)) end.Mux.Reset(resetting);
                    break;
                default:
                    Carry(side, _random.Next(1, 20_000));
                    break;
            }
        }

        public void Settle()
        {
            while (_ends[0].Mux.HasOutput || _ends[1].Mux.HasOutput || _wires[0].Count > 0 || _wires[1].Count > 0)
            {
                Carry(0, _random.Next(1, 200_000));
                Carry(1, _random.Next(1, 200_000));
            }
        }

        public bool IsAsExpected()
        {
            Assert.Null(_ends[0].Mux.Failure);
            Assert.Null(_ends[1].Mux.Failure);
            foreach (var ((side, id), sent) in _sent)
            {
                byte[] received = _ends[1 - side].ReceivedOn(id);
                if (_reset.Contains(id)) Assert.True(sent.ToArray().AsSpan().StartsWith(received));
                else Assert.Equal(sent.ToArray(), received);
            }
            Assert.Equal((0L, 0L), (_ends[0].Mux.UnsentBytes, _ends[1].Mux.UnsentBytes));
            return true;
        }

        public void Dispose()
        {
            foreach (var end in _ends) end.Dispose();
        }

        private MuxStream? Pick(int side)
        {
            if (side == 1)
                foreach (var (_, id) in _open.Keys.ToArray())
                    if (_ends[1].Mux.TryFind(id, out var accepted)) _open.TryAdd((1, id), accepted);
            var candidates = _open.Where(pair => pair.Key.End == side && pair.Value.IsOpen).Select(pair => pair.Value).ToList();
            return candidates.Count == 0 ? null : candidates[_random.Next(candidates.Count)];
        }

        private void Send(int side, MuxStream stream, byte[] bytes)
        {
            if (!_ends[side].TrySend(stream, bytes)) return;
            if (!_sent.TryGetValue((side, stream.Id), out var sent)) _sent[(side, stream.Id)] = sent = [];
            sent.AddRange(bytes);
        }

        private void Carry(int side, int bytes)
        {
            foreach (byte b in _ends[side].TakeOutput(bytes)) _wires[side].Enqueue(b);
            var piece = new List<byte>();
            while (piece.Count < bytes && _wires[side].TryDequeue(out byte b)) piece.Add(b);
            _ends[1 - side].Mux.OnBytes([.. piece]);
        }
    }
}
