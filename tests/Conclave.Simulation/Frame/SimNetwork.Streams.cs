using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>One end of a stream, with what its node has written and the other has not got yet.</summary>
internal sealed class SimStreamEnd(int node)
{
    internal readonly Queue<(byte[] Bytes, Instant Ready)> Segments = new();

    public int Node { get; } = node;

    public SimStreamEnd Other { get; internal set; } = null!;

    public int Peer => Other.Node;

    /// <summary>A number for the node's own use.</summary>
    public long Tag { get; set; }

    /// <summary>The node has closed it or was told of its end: nothing more is heard or said here. What was written before may still be on its way.</summary>
    public bool IsClosed { get; internal set; }

    internal bool IsOpen, IsMute, IsPumping, IsBroken;

    internal Instant StuckSince = Instant.Never;

    internal TimeSpan Retry;
}

internal sealed partial class SimNetwork
{
    private const int SegmentBytesMax = 16 * 1024;
    private const int TextReset = 0, TextRefused = 1, TextTimeout = 2, TextBroken = 3;
    private static readonly TimeSpan s_retryFirst = TimeSpan.FromMilliseconds(200), s_retryMax = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan s_connectGiveUp = TimeSpan.FromSeconds(63), s_giveUp = TimeSpan.FromSeconds(120);

    /// <summary>Opens a stream; <see cref="INetworkHost.OnConnected"/> or <see cref="INetworkHost.OnStreamEnded"/> tells what came of it.</summary>
    public SimStreamEnd Dial(int from, int to, long tag = 0)
    {
        SimStreamEnd near = new(from) { Tag = tag }, far = new(to);
        (near.Other, far.Other) = (far, near);
        _hosts[from].Ends.Add(near);
        near.Retry = TimeSpan.FromSeconds(1);
        var chance = ChanceOf(from, to);
        if (HalfOpenChance > 0 && from != to && chance.NextDouble() < HalfOpenChance)
        {
            World.CountFault("stream half open");
            if (chance.Next(2) == 0) near.IsMute = true;
            else far.IsMute = true;
        }
        World.At(World.Now + StreamDelay(from, to), this, Connect, World.Now.Nanoseconds, item: near);
        return near;
    }

    /// <summary>Writes bytes, which are copied and arrive in pieces of any length.</summary>
    public void Write(SimStreamEnd end, ReadOnlySpan<byte> bytes)
    {
        if (end.IsClosed) return;
        _hosts[end.Node].BytesOut += bytes.Length;
        var chance = ChanceOf(end.Node, end.Peer);
        while (!bytes.IsEmpty)
        {
            int length = (int)Math.Min(bytes.Length, 1 + (chance.Next(4) == 0 ? chance.Next(64) : chance.Next(SegmentBytesMax)));
            Enqueue(end, bytes[..length].ToArray());
            bytes = bytes[length..];
        }
    }

    /// <summary>Closes after what was written. Nothing more is heard from it.</summary>
    public void Close(SimStreamEnd end)
    {
        if (end.IsClosed) return;
        Enqueue(end, []);
        Forget(end);
    }

    /// <summary>Resets all streams of a node: both sides learn it.</summary>
    public void ResetStreams(int node)
    {
        var ends = _hosts[node].Ends;
        for (int i = ends.Count - 1; i >= 0; i--)
        {
            if (i >= ends.Count) continue;
            var end = ends[i];
            SendBroken(end.Other, "connection reset by peer");
            Break(end, BrokenText(TextReset));
        }
    }

    /// <summary>Streams that a node has open or is opening.</summary>
    public int StreamCount(int node) => _hosts[node].Ends.Count;

    private static string BrokenText(long number) => number switch
    {
        TextRefused => "connection refused",
        TextTimeout => "connection timed out",
        TextBroken => "connection broken",
        _ => "connection reset by peer",
    };

    private TimeSpan StreamDelay(int from, int to)
    {
        if (from == to) return s_loopbackDelay;
        var profile = ProfileOf?.Invoke(from, to) ?? Profile;
        var chance = ChanceOf(from, to);
        var delay = Delay(from, to, profile, chance);
        // A lost segment comes with the first retransmission.
        double loss = profile.Loss + ExtraLoss + _hosts[from].Loss + _hosts[to].Loss;
        return loss > 0 && chance.NextDouble() < loss ? delay + s_retryFirst : delay;
    }

    private void TryConnect(SimStreamEnd near, Instant since)
    {
        if (near.IsBroken || _hosts[near.Node].IsMachineDead) return;
        var far = near.Other;
        var host = _hosts[far.Node];
        if (host.IsMachineDead || IsCut(near.Node, far.Node) || IsCut(far.Node, near.Node))
        {
            if (World.Now - since > s_connectGiveUp) Break(near, BrokenText(TextTimeout));
            else RetryLater(near, Connect, since.Nanoseconds);
            return;
        }
        if (host.Process is not { } process)
        {
            World.At(World.Now + StreamDelay(far.Node, near.Node), this, Refused, TextRefused, item: near);
            return;
        }
        if (process.PausedUntil > World.Now)
        {
            World.At(process.PausedUntil, this, Connect, since.Nanoseconds, item: near);
            return;
        }
        host.Ends.Add(far);
        far.IsOpen = true;
        World.At(World.Now + StreamDelay(far.Node, near.Node), this, Opened, item: near);
        if (!process.OnAccept(far, near.Node))
        {
            SendBroken(near, BrokenText(TextReset));
            far.IsBroken = true;
            Forget(far);
        }
    }

    private void TellOpened(SimStreamEnd near)
    {
        if (near.IsBroken) return;
        var process = _hosts[near.Node].Process;
        if (!near.IsClosed && process is not null && process.PausedUntil > World.Now)
        {
            World.At(process.PausedUntil, this, Opened, item: near);
            return;
        }
        near.IsOpen = true;
        near.Retry = TimeSpan.Zero;
        Pump(near);
        if (!near.IsClosed) process?.OnConnected(near);
    }

    private void Enqueue(SimStreamEnd end, byte[] segment)
    {
        end.Segments.Enqueue((segment, World.Now + StreamDelay(end.Node, end.Peer)));
        if (end.IsOpen) Pump(end);
    }

    // One event at a time carries a direction's oldest segment, so segments cannot overtake each other.
    private void Pump(SimStreamEnd end)
    {
        if (end.IsPumping || end.Segments.Count == 0) return;
        end.IsPumping = true;
        var ready = end.Segments.Peek().Ready;
        World.At(ready > World.Now ? ready : World.Now + s_loopbackDelay, this, Segment, item: end);
    }

    private void TryDeliver(SimStreamEnd end)
    {
        end.IsPumping = false;
        if (end.IsBroken || end.Segments.Count == 0 || _hosts[end.Node].IsMachineDead) return;
        var other = end.Other;
        var host = _hosts[other.Node];
        if (host.Process is { } process && process.PausedUntil > World.Now)
        {
            end.IsPumping = true;
            World.At(process.PausedUntil, this, Segment, item: end);
            return;
        }
        if (end.IsMute || host.IsMachineDead || IsCut(end.Node, other.Node))
        {
            Stick(end);
            return;
        }
        end.StuckSince = Instant.Never;
        end.Retry = TimeSpan.Zero;
        if (other.IsClosed || host.Process is null)
        {
            // Nobody is there any more: the machine answers with a reset.
            SendBroken(end, BrokenText(TextReset));
            end.Segments.Clear();
            return;
        }
        Hand(end, other, host.Process);
    }

    private void Hand(SimStreamEnd end, SimStreamEnd other, INetworkHost process)
    {
        byte[] segment = end.Segments.Dequeue().Bytes;
        if (segment.Length == 0)
        {
            Forget(other);
            process.OnStreamEnded(other, null);
            return;
        }
        if (BreakChance > 0 && ChanceOf(end.Node, end.Peer).NextDouble() < BreakChance)
        {
            World.CountFault("stream broken in a message");
            SendBroken(end, BrokenText(TextBroken));
            if (segment.Length > 1) process.OnStreamBytes(other, segment.AsSpan(0, segment.Length / 2));
            Break(other, BrokenText(TextBroken));
            return;
        }
        World.Mix(segment);
        Pump(end);
        process.OnStreamBytes(other, segment);
    }

    private void Stick(SimStreamEnd end)
    {
        if (end.StuckSince == Instant.Never) end.StuckSince = World.Now;
        if (World.Now - end.StuckSince > s_giveUp)
        {
            end.Segments.Clear();
            Break(end, BrokenText(TextTimeout));
            return;
        }
        end.IsPumping = true;
        RetryLater(end, Segment, 0);
    }

    private void RetryLater(SimStreamEnd end, int kind, long a)
    {
        end.Retry = end.Retry == TimeSpan.Zero ? s_retryFirst : TimeSpan.FromTicks(Math.Min(end.Retry.Ticks * 2, s_retryMax.Ticks));
        World.At(World.Now + end.Retry, this, kind, a, item: end);
    }

    private void SendBroken(SimStreamEnd end, string text)
    {
        if (end.IsBroken || IsCut(end.Peer, end.Node)) return;
        long number = text == BrokenText(TextBroken) ? TextBroken : TextReset;
        World.At(World.Now + StreamDelay(end.Peer, end.Node), this, Broken, number, item: end);
    }

    private void Break(SimStreamEnd end, string text)
    {
        if (end.IsBroken) return;
        var process = _hosts[end.Node].Process;
        if (!end.IsClosed && process is not null && process.PausedUntil > World.Now)
        {
            World.At(process.PausedUntil, this, Broken, TextReset, item: end);
            return;
        }
        end.IsBroken = true;
        end.Segments.Clear();
        if (end.IsClosed) return;
        Forget(end);
        process?.OnStreamEnded(end, text);
    }

    private void Forget(SimStreamEnd end)
    {
        end.IsClosed = true;
        var ends = _hosts[end.Node].Ends;
        int at = ends.IndexOf(end);
        if (at < 0) return;
        ends[at] = ends[^1];
        ends.RemoveAt(ends.Count - 1);
    }
}
