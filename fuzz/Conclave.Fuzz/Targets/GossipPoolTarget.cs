using Conclave.Core;
using Conclave.Fuzz.Pools;
using Conclave.Gossip;

namespace Conclave.Fuzz.Targets;

/// <summary>A whole pool: packets, streams, time and wishes in any order and of any content. It throws nothing, goes on, and takes no more memory than the input earns.</summary>
internal static class GossipPoolTarget
{
    private const int StepsMax = 8;

    private static readonly GossipScratch s_scratch = new(seed: 1);

    /// <summary>What came of the last life.</summary>
    public static ulong LastSignature { get; private set; }

    public static void Run(ReadOnlySpan<byte> data)
    {
        using var life = new PoolLife(s_scratch);
        life.Run(data);
        LastSignature = life.Signature;
    }

    /// <summary>Each recorded packet and stream as a life of one step.</summary>
    public static IEnumerable<byte[]> Seeds(string root)
    {
        foreach (var packet in Corpus.GossipPackets(root)) yield return Step(PoolStep.Packet, packet);
        foreach (var side in Corpus.GossipStreams(root))
        {
            if (side.Length > ushort.MaxValue) continue;
            yield return Step(PoolStep.Request, side);
            yield return [.. Step(PoolStep.Wish, [0]), .. Step(PoolStep.Answer, side)];
        }
    }

    /// <summary>A life of well-formed messages.</summary>
    public static byte[] Make(Prng random)
    {
        var maker = new MessageMaker(random);
        var script = new List<byte>();
        for (long steps = 1 + random.Next(StepsMax); steps > 0; steps--)
        {
            var step = (PoolStep)random.Next((int)PoolStep.Wish + 1);
            byte[] content = step switch
            {
                PoolStep.Packet => maker.Packet(),
                PoolStep.Request or PoolStep.RequestInPieces or PoolStep.Answer => maker.Stream(),
                PoolStep.Time => [(byte)random.Next(24), (byte)random.Next(256)],
                PoolStep.Wish => [(byte)random.Next(256), .. new byte[random.Next(220)]],
                _ => [],
            };
            PoolScript.Write(script, step, content);
        }
        return [.. script];
    }

    private static byte[] Step(PoolStep step, byte[] content)
    {
        var script = new List<byte>();
        PoolScript.Write(script, step, content);
        return [.. script];
    }
}
