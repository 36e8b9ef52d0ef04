using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Rpc.Calls;
using Conclave.Rpc.Mux;

namespace Conclave.Fuzz.Targets;

/// <summary>A multiplexed connection with calls on its streams: bounded, and the same however it is cut.</summary>
internal static class MuxTarget
{
    private const int StreamsMax = 16;
    private const long ArgumentBytesMax = 1 << 16;

    public static void Run(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty) return;
        var role = (data[0] & 1) == 0 ? MuxRole.Server : MuxRole.Client;
        int piece = 1 + (data[0] >> 1);
        data = data[1..];

        using End whole = new(role), cut = new(role);
        whole.Mux.OnBytes(data);
        for (int at = 0; at < data.Length; at += piece) cut.Mux.OnBytes(data.Slice(at, Math.Min(piece, data.Length - at)));

        Promise.Holds(whole.Mux.Failure == cut.Mux.Failure, "cuts do not decide about the end");
        Promise.Holds(whole.Digest == cut.Digest, "cuts do not change what arrives");
        Promise.Holds(whole.Mux.StreamCount <= StreamsMax, "streams are bounded");
        Promise.Holds(whole.Output().AsSpan().SequenceEqual(cut.Output()), "cuts do not change the answers");
        whole.Mux.OnTick(new Instant(1) + TimeSpan.FromHours(1));
        Promise.Holds(whole.Mux.UnsentBytes == 0, "nothing was sent, so nothing is unsent");
    }

    private sealed class End : IMuxOwner, IDisposable
    {
        private readonly Dictionary<uint, CallCollector> _calls = [];

        public End(MuxRole role) => Mux = new StreamMux(role, new MuxLimits { StreamsMax = StreamsMax }, this, new Instant(1));

        public StreamMux Mux { get; }

        public ulong Digest { get; private set; }

        public byte[] Output()
        {
            using var buffer = new PooledBuffer();
            Mux.Fill(buffer, int.MaxValue);
            return buffer.ToArray();
        }

        public void Dispose()
        {
            Mux.Dispose();
            foreach (var calls in _calls.Values) calls.Dispose();
        }

        public void OnOpened(MuxStream stream)
        {
            Note(1, stream.Id);
            _calls[stream.Id] = new CallCollector(ArgumentBytesMax);
        }

        public void OnData(MuxStream stream, ReadOnlySpan<byte> bytes)
        {
            try
            {
                var calls = _calls[stream.Id];
                bool isWhole = calls.Add(bytes);
                Promise.Holds(calls.BytesHeld <= ArgumentBytesMax + CallScanner.HeaderBytesMax + MuxHeader.WindowBytes, "what is collected is bounded");
                Mux.Grant(stream, bytes.Length);
                while (isWhole)
                {
                    using var call = calls.Take();
                    foreach (byte b in call.Bytes.Span) Note(b, stream.Id);
                    isWhole = calls.IsComplete;
                }
                if (calls.IsBroken) Mux.Reset(stream);
            }
            catch (MsgPackException)
            {
                Mux.Reset(stream);
            }
        }

        public void OnFinished(MuxStream stream) => Note(2, stream.Id);

        public void OnEnded(MuxStream stream, MuxStreamEnd end) => Note(3, stream.Id);

        private void Note(uint what, uint stream) => Digest = (Digest ^ what ^ (ulong)stream << 32) * 0x100000001b3;
    }
}
