using System.Text.Json;
using Conclave.Rpc.Mux;
using Conclave.Tests;

namespace Conclave.Rpc.Tests;

public class MuxTests
{
    [Fact]
    public void Recorded_frames_are_read_and_written_again_byte_for_byte()
    {
        int frames = 0;
        byte[] written = new byte[MuxHeader.Size];
        foreach (var vector in Load())
        {
            byte[] bytes = Convert.FromHexString(vector.GetProperty("hex").GetString()!);
            int at = 0;
            foreach (var expected in vector.GetProperty("decoded").EnumerateArray())
            {
                Assert.True(MuxHeader.TryRead(bytes.AsSpan(at), out var header));
                header.CopyTo(written);
                Assert.Equal(bytes[at..(at + MuxHeader.Size)], written);
                AssertSame(expected, header);
                at += MuxHeader.Size + header.PayloadBytes;
                frames++;
            }
            Assert.Equal(bytes.Length, at);
        }
        Assert.Equal(4 * 24 + 4, frames);
    }

    [Fact]
    public void A_cut_header_waits_for_more()
    {
        byte[] bytes = new byte[MuxHeader.Size];
        new MuxHeader(MuxFrameType.Data, MuxFlags.None, 1, 10).CopyTo(bytes);
        for (int length = 0; length < bytes.Length; length++) Assert.False(MuxHeader.TryRead(bytes.AsSpan(0, length), out _));
    }

    [Fact]
    public void A_damaged_byte_gives_a_header_within_bounds_or_is_malformed()
    {
        int malformed = 0;
        byte[] bytes = new byte[MuxHeader.Size], written = new byte[MuxHeader.Size];
        new MuxHeader(MuxFrameType.Data, MuxFlags.Syn, 5, 300).CopyTo(bytes);
        for (int at = 0; at < bytes.Length; at++)
        {
            byte original = bytes[at];
            for (int value = 0; value <= byte.MaxValue; value++)
            {
                bytes[at] = (byte)value;
                try
                {
                    Assert.True(MuxHeader.TryRead(bytes, out var header));
                    Assert.InRange(header.PayloadBytes, 0, (int)MuxHeader.WindowBytes);
                    header.CopyTo(written);
                    Assert.Equal(bytes, written);
                }
                catch (RpcFormatException)
                {
                    malformed++;
                }
            }
            bytes[at] = original;
        }
        Assert.True(malformed > 700, $"{malformed} malformed");
    }

    [Fact]
    public void More_than_a_window_and_a_stream_without_number_are_malformed()
    {
        AssertMalformed(new(MuxFrameType.Data, MuxFlags.None, 1, MuxHeader.WindowBytes + 1));
        AssertMalformed(new(MuxFrameType.WindowUpdate, MuxFlags.None, 1, MuxHeader.WindowBytes + 1));
        AssertMalformed(new(MuxFrameType.Data, MuxFlags.None, 0, 1));
        AssertMalformed(new(MuxFrameType.WindowUpdate, MuxFlags.Syn, 0, 0));
        AssertMalformed(new((MuxFrameType)4, MuxFlags.None, 1, 1));
    }

    private static void AssertMalformed(MuxHeader header)
    {
        byte[] bytes = new byte[MuxHeader.Size];
        header.CopyTo(bytes);
        Assert.Throws<RpcFormatException>(() => MuxHeader.TryRead(bytes, out _));
    }

    private static void AssertSame(JsonElement expected, MuxHeader header)
    {
        string kind = header.Type switch { MuxFrameType.Data => "data", MuxFrameType.WindowUpdate => "window", MuxFrameType.Ping => "ping", _ => "goaway" };
        Assert.Equal(expected.GetProperty("kind").GetString(), kind);
        Assert.Equal((expected.GetProperty("stream").GetUInt32(), expected.GetProperty("length").GetUInt32()), (header.Stream, header.Length));
        var flags = MuxFlags.None;
        foreach (var flag in expected.GetProperty("flags").EnumerateArray()) flags |= Enum.Parse<MuxFlags>(flag.GetString()!, ignoreCase: true);
        Assert.Equal(flags, header.Flags);
    }

    private static JsonElement.ArrayEnumerator Load() =>
        JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "rpc", "mux-frames.json"))).RootElement.EnumerateArray();
}
