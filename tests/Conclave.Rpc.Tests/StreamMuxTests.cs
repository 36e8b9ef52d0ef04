using System.Buffers;
using System.Text.Json;
using Conclave.Core;
using Conclave.Rpc.Mux;
using Conclave.Tests;

namespace Conclave.Rpc.Tests;

public class StreamMuxTests
{
    private static readonly Instant s_start = new(1_000);

    [Fact]
    public void A_stream_is_opened_used_and_closed_with_the_frames_peers_send()
    {
        using var pair = new MuxPair();
        Assert.True(pair.Client.Mux.TryOpen(out var stream));
        pair.Client.Send(stream, "question");
        Assert.Equal(["window syn 1 0", "data 1 8"], pair.Client.TakeFrames());
        pair.Deliver();
        Assert.Equal("question", pair.Server.TextOf(1));

        pair.Server.Send(pair.Server.Stream(1), "answer");
        Assert.Equal(["window ack 1 0", "data 1 6"], pair.Server.TakeFrames());
        pair.Deliver();
        Assert.Equal("answer", pair.Client.TextOf(1));

        pair.Client.Mux.Finish(stream);
        Assert.Equal(["window fin 1 0"], pair.Client.TakeFrames());
        pair.Deliver();
        Assert.Contains("finished 1", pair.Server.Log);
        pair.Server.Mux.Finish(pair.Server.Stream(1));
        Assert.Equal(["window fin 1 0"], pair.Server.TakeFrames());
        pair.Deliver();
        Assert.Equal((0, 0), (pair.Client.Mux.StreamCount, pair.Server.Mux.StreamCount));
        Assert.Contains("ended 1 Finished", pair.Client.Log);
        Assert.Contains("ended 1 Finished", pair.Server.Log);
    }

    [Fact]
    public void Own_streams_are_numbered_odd_at_the_client_and_even_at_the_server()
    {
        using var pair = new MuxPair();
        for (uint i = 0; i < 3; i++)
        {
            Assert.True(pair.Client.Mux.TryOpen(out var ours));
            Assert.True(pair.Server.Mux.TryOpen(out var theirs));
            Assert.Equal((1 + 2 * i, 2 + 2 * i), (ours.Id, theirs.Id));
        }
    }

    [Fact]
    public void No_more_than_a_window_leaves_before_more_is_granted_and_half_of_it_must_be_used_first()
    {
        using var pair = new MuxPair();
        pair.Client.Mux.TryOpen(out var stream);
        pair.Client.SendBytes(stream, new byte[MuxHeader.WindowBytes + 100]);
        pair.Run();
        Assert.Equal((int)MuxHeader.WindowBytes, pair.Server.BytesOf(1));
        Assert.Equal(100, stream.UnsentBytes);

        pair.Server.Mux.Grant(pair.Server.Stream(1), (int)MuxHeader.WindowBytes / 2 - 1);
        pair.Run();
        Assert.Equal(100, stream.UnsentBytes);
        pair.Server.Mux.Grant(pair.Server.Stream(1), 1);
        pair.Run();
        Assert.Equal(0, stream.UnsentBytes);
        Assert.Equal((int)MuxHeader.WindowBytes + 100, pair.Server.BytesOf(1));
    }

    [Fact]
    public void A_stream_that_nobody_reads_does_not_stop_the_others()
    {
        using var pair = new MuxPair();
        pair.Client.Mux.TryOpen(out var stuck);
        pair.Client.Mux.TryOpen(out var lively);
        pair.Client.SendBytes(stuck, new byte[3 * MuxHeader.WindowBytes]);
        pair.Client.Send(lively, "through");
        pair.Run();
        Assert.Equal("through", pair.Server.TextOf(3));
    }

    [Fact]
    public void A_large_message_leaves_in_frames_between_which_others_come()
    {
        using var pair = new MuxPair(new() { FrameBytesMax = 100 });
        pair.Client.Mux.TryOpen(out var large);
        pair.Client.Mux.TryOpen(out var small);
        pair.Client.SendBytes(large, new byte[250]);
        pair.Client.Send(small, "x");
        Assert.Equal(["window syn 1 0", "data 1 100", "window syn 3 0", "data 3 1", "data 1 100", "data 1 50"], pair.Client.TakeFrames());
    }

    [Fact]
    public void Too_much_unsent_is_refused_but_a_single_message_may_always_go()
    {
        using var pair = new MuxPair(new() { UnsentBytesPerStreamMax = 10, UnsentBytesMax = 15 });
        pair.Client.Mux.TryOpen(out var first);
        pair.Client.Mux.TryOpen(out var second);
        Assert.True(pair.Client.TrySend(first, new byte[12]));
        Assert.False(pair.Client.TrySend(first, new byte[1]));
        Assert.True(pair.Client.TrySend(second, new byte[3]));
        Assert.False(pair.Client.TrySend(second, new byte[1]));
        Assert.Equal(15, pair.Client.Mux.UnsentBytes);
        pair.Run();
        Assert.Equal(0, pair.Client.Mux.UnsentBytes);
        Assert.True(pair.Client.TrySend(first, new byte[1]));
    }

    [Fact]
    public void An_end_goes_behind_what_is_unsent_and_a_reset_before_it()
    {
        using var pair = new MuxPair();
        pair.Client.Mux.TryOpen(out var finished);
        pair.Client.Mux.TryOpen(out var reset);
        pair.Run();
        pair.Client.Send(finished, "all of it");
        pair.Client.Mux.Finish(finished);
        Assert.False(pair.Client.TrySend(finished, [1]));
        pair.Client.Send(reset, "nothing of it");
        pair.Client.Mux.Reset(reset);
        Assert.Equal(0, reset.UnsentBytes);
        Assert.Equal(["window rst 3 0", "data 1 9", "window fin 1 0"], pair.Client.TakeFrames());
        pair.Deliver();
        Assert.Equal("all of it", pair.Server.TextOf(1));
        Assert.Contains("ended 3 Reset", pair.Server.Log);
        Assert.Equal(1, pair.Server.Mux.StreamCount);
    }

    [Fact]
    public void What_comes_for_a_stream_that_ended_here_is_passed_over()
    {
        using var pair = new MuxPair();
        pair.Client.Mux.TryOpen(out var stream);
        pair.Run();
        pair.Server.Mux.Reset(pair.Server.Stream(1));
        pair.Client.Send(stream, "too late");
        pair.Client.Mux.TryOpen(out var next);
        pair.Client.Send(next, "in time");
        pair.Run();
        Assert.False(pair.Server.Mux.IsOver);
        Assert.Equal("in time", pair.Server.TextOf(3));
    }

    [Fact]
    public void Streams_beyond_the_bound_are_refused_and_the_others_go_on()
    {
        using var pair = new MuxPair(new() { StreamsMax = 2 }, new());
        for (int i = 0; i < 4; i++)
        {
            pair.Server.Mux.TryOpen(out var stream);
            pair.Server.Send(stream, "hello");
        }
        pair.Run();
        Assert.Equal(2, pair.Client.Mux.StreamCount);
        Assert.Contains("ended 6 Reset", pair.Server.Log);
        Assert.Contains("ended 8 Reset", pair.Server.Log);
        Assert.Equal("hello", pair.Client.TextOf(4));
        Assert.False(pair.Client.Mux.TryOpen(out _));
    }

    [Fact]
    public void A_side_that_takes_no_streams_refuses_each()
    {
        using var pair = new MuxPair(new() { AcceptsStreams = false }, new());
        pair.Server.Mux.TryOpen(out _);
        pair.Run();
        Assert.Contains("ended 2 Reset", pair.Server.Log);
        Assert.Equal(0, pair.Client.Mux.StreamCount);
    }

    [Fact]
    public void A_side_that_goes_away_keeps_its_streams_and_gets_no_new_ones()
    {
        using var pair = new MuxPair();
        pair.Client.Mux.TryOpen(out var stream);
        pair.Run();
        pair.Server.Mux.GoAway();
        Assert.Equal(["goaway 0 0"], pair.Server.TakeFrames());
        pair.Deliver();
        Assert.True(pair.Client.Mux.IsPeerGoingAway);
        Assert.False(pair.Client.Mux.TryOpen(out _));
        pair.Client.Send(stream, "still");
        pair.Run();
        Assert.Equal("still", pair.Server.TextOf(1));
    }

    [Fact]
    public void Both_sides_ask_every_interval_and_break_when_there_is_no_answer()
    {
        using var pair = new MuxPair();
        var limits = new MuxLimits();
        pair.Tick(s_start + limits.PingInterval);
        Assert.Equal(["ping syn 0 0"], pair.Client.TakeFrames());
        pair.Deliver();
        pair.Run();
        Assert.Equal(s_start + 2 * limits.PingInterval, pair.Client.Mux.NextWake);

        pair.Tick(s_start + 2 * limits.PingInterval);
        Assert.Equal(["ping syn 0 1"], pair.Client.TakeFrames());
        pair.Drop();
        pair.Tick(s_start + 2 * limits.PingInterval + limits.PongTimeout);
        Assert.Equal("the other side does not answer", pair.Client.Mux.Failure);
    }

    [Fact]
    public void Who_expects_answers_asks_soon_after_a_message_and_breaks_when_nothing_is_heard()
    {
        var limits = new MuxLimits { ProbeDelay = TimeSpan.FromSeconds(1), ProbeTimeout = TimeSpan.FromSeconds(2) };
        using var pair = new MuxPair(limits, new MuxLimits());
        Assert.True(pair.Client.Mux.TryOpen(out var stream));
        pair.Client.Send(stream, "question");
        pair.Client.Mux.OnTick(s_start);
        pair.Drop();
        Assert.Equal(s_start + limits.ProbeDelay, pair.Client.Mux.NextWake);
        pair.Client.Mux.OnTick(s_start + limits.ProbeDelay);
        Assert.Equal(["ping syn 0 0"], pair.Client.TakeFrames());
        pair.Drop();
        Assert.Null(pair.Client.Mux.Failure);
        pair.Client.Mux.OnTick(s_start + limits.ProbeDelay + limits.ProbeTimeout);
        Assert.Equal("the other side does not answer", pair.Client.Mux.Failure);
    }

    [Fact]
    public void Whatever_is_heard_ends_the_doubt_until_the_next_message()
    {
        var limits = new MuxLimits { ProbeDelay = TimeSpan.FromSeconds(1), ProbeTimeout = TimeSpan.FromSeconds(2) };
        using var pair = new MuxPair(limits, new MuxLimits());
        Assert.True(pair.Client.Mux.TryOpen(out var stream));
        pair.Client.Send(stream, "question");
        pair.Client.Mux.OnTick(s_start);
        pair.Run();                                                    // the stream is accepted, and nothing answered yet
        Assert.Equal(s_start + limits.PingInterval, pair.Client.Mux.NextWake);

        pair.Client.Send(stream, "another");
        pair.Client.Mux.OnTick(s_start + TimeSpan.FromSeconds(5));
        pair.Run();
        pair.Client.Mux.OnTick(s_start + TimeSpan.FromSeconds(6));
        pair.Run();                                                    // asked, and answered
        pair.Client.Mux.OnTick(s_start + TimeSpan.FromSeconds(20));
        Assert.Null(pair.Client.Mux.Failure);
        Assert.Equal(s_start + TimeSpan.FromSeconds(6) + limits.PingInterval, pair.Client.Mux.NextWake);
    }

    [Fact]
    public void An_end_that_stood_still_itself_listens_once_more_before_it_gives_up()
    {
        var limits = new MuxLimits { ProbeDelay = TimeSpan.FromSeconds(1), ProbeTimeout = TimeSpan.FromSeconds(2) };
        using var pair = new MuxPair(limits, new MuxLimits());
        Assert.True(pair.Client.Mux.TryOpen(out var stream));
        pair.Client.Send(stream, "question");
        pair.Client.Mux.OnTick(s_start);
        pair.Drop();
        pair.Client.Mux.OnTick(s_start + TimeSpan.FromSeconds(1));
        pair.Deliver();
        pair.Client.Mux.OnTick(s_start + TimeSpan.FromSeconds(60));
        Assert.Null(pair.Client.Mux.Failure);
        pair.Drop();
        pair.Client.Mux.OnTick(s_start + TimeSpan.FromSeconds(62));
        Assert.Equal("the other side does not answer", pair.Client.Mux.Failure);
    }

    [Fact]
    public void A_stream_nobody_accepts_breaks_the_connection_and_a_half_closed_one_ends()
    {
        var limits = new MuxLimits { PingInterval = TimeSpan.FromDays(1) };
        using var pair = new MuxPair(limits);
        pair.Client.Mux.TryOpen(out var stream);
        pair.Run();
        pair.Client.Mux.Finish(stream);
        pair.Run();
        Assert.Equal(s_start + limits.HalfClosedTimeout, pair.Client.Mux.NextWake);
        pair.Tick(s_start + limits.HalfClosedTimeout);
        Assert.Contains("ended 1 TimedOut", pair.Client.Log);
        pair.Run();
        Assert.Contains("ended 1 TimedOut", pair.Server.Log);

        pair.Client.Mux.TryOpen(out _);
        pair.Client.TakeFrames();
        pair.Drop();
        pair.Tick(s_start + limits.HalfClosedTimeout + limits.OpenTimeout);
        Assert.Equal("the other side did not accept a stream in time", pair.Client.Mux.Failure);
    }

    [Fact]
    public void What_a_side_that_has_ended_its_stream_does_not_read_is_kept_for_a_while_only()
    {
        var limits = new MuxLimits { PingInterval = TimeSpan.FromDays(1) };
        using var pair = new MuxPair(limits);
        pair.Client.Mux.TryOpen(out var stream);
        pair.Run();
        var served = pair.Server.Stream(1);
        pair.Server.SendBytes(served, new byte[3 * MuxHeader.WindowBytes]);
        pair.Client.Mux.Finish(stream);
        pair.Run();
        Assert.Equal(2 * MuxHeader.WindowBytes, served.UnsentBytes);

        // It reads on, so its time begins anew.
        var halfWay = s_start + limits.HalfClosedTimeout / 2;
        pair.Tick(halfWay);
        pair.Client.Mux.Grant(stream, (int)MuxHeader.WindowBytes);
        pair.Run();
        Assert.Equal(MuxHeader.WindowBytes, served.UnsentBytes);
        pair.Server.Mux.OnTick(s_start + limits.HalfClosedTimeout);
        Assert.True(served.IsOpen);
        pair.Server.Mux.OnTick(halfWay + limits.HalfClosedTimeout);
        Assert.Contains("ended 1 TimedOut", pair.Server.Log);
        Assert.Equal((0, 0), (pair.Server.Mux.StreamCount, pair.Server.Mux.UnsentBytes));
        pair.Run();
        Assert.Contains("ended 1 Reset", pair.Client.Log);
    }

    [Fact]
    public void A_broken_protocol_ends_everything_and_is_told()
    {
        AssertBreaks(new MuxHeader(MuxFrameType.Data, MuxFlags.None, 0, 1));
        AssertBreaks(new MuxHeader(MuxFrameType.WindowUpdate, MuxFlags.Syn, 2, 0));
        AssertBreaks(new MuxHeader(MuxFrameType.WindowUpdate, MuxFlags.Syn, 1, 0), new(MuxFrameType.WindowUpdate, MuxFlags.Syn, 1, 0));
        AssertBreaks(new MuxHeader(MuxFrameType.Data, MuxFlags.None, 1, MuxHeader.WindowBytes + 1));
        AssertBreaks(new MuxHeader(MuxFrameType.WindowUpdate, MuxFlags.Syn, 1, MuxHeader.WindowBytes + 1));
        AssertBreaks([.. Enumerable.Repeat(new MuxHeader(MuxFrameType.Ping, MuxFlags.Syn, 0, 7), 65)]);
        AssertBreaks([new(MuxFrameType.WindowUpdate, MuxFlags.Syn, 1, 0), .. Enumerable.Repeat(new MuxHeader(MuxFrameType.WindowUpdate, MuxFlags.None, 1, MuxHeader.WindowBytes), 1 << 14)]);
    }

    [Fact]
    public void More_data_than_was_granted_breaks_the_connection_before_it_is_taken()
    {
        using var server = new MuxEnd(MuxRole.Server, new(), s_start);
        server.Feed(new(MuxFrameType.Data, MuxFlags.Syn, 1, MuxHeader.WindowBytes));
        server.Mux.OnBytes(new byte[MuxHeader.WindowBytes]);
        Assert.False(server.Mux.IsOver);
        server.Feed(new(MuxFrameType.Data, MuxFlags.None, 1, 1));
        Assert.Contains("1 bytes on stream 1 where 0 are allowed", server.Mux.Failure);
        Assert.Contains("ended 1 ConnectionOver", server.Log);
    }

    [Fact]
    public void Refusals_that_nobody_reads_break_the_connection()
    {
        using var server = new MuxEnd(MuxRole.Server, new() { AcceptsStreams = false, UnsentResetsMax = 10 }, s_start);
        for (uint i = 0; i < 10; i++) server.Feed(new(MuxFrameType.WindowUpdate, MuxFlags.Syn, 1 + 2 * i, 0));
        Assert.False(server.Mux.IsOver);
        server.Feed(new(MuxFrameType.WindowUpdate, MuxFlags.Syn, 21, 0));
        Assert.True(server.Mux.IsOver);
    }

    [Fact]
    public void Recorded_connections_are_understood_and_answered_with_the_recorded_frames()
    {
        foreach (string scenario in new[] { "plain", "acl" })
        {
            byte[] fromClient = Recorded(scenario + ".first-frames.client-to-server"), fromServer = Recorded(scenario + ".first-frames.server-to-client");
            using var server = new MuxEnd(MuxRole.Server, new(), s_start);
            server.Mux.OnBytes(fromClient);
            Assert.False(server.Mux.IsOver, server.Mux.Failure);
            using var client = new MuxEnd(MuxRole.Client, new(), s_start);
            for (int opened = 0; opened < server.Opened; opened++) client.Mux.TryOpen(out _);
            client.TakeFrames();
            client.Mux.OnBytes(fromServer);
            Assert.False(client.Mux.IsOver, client.Mux.Failure);
            Assert.True(server.Opened > 0 && client.BytesOf(1) > 0);
            AssertWrittenAgain(fromClient, MuxRole.Client);
            AssertWrittenAgain(fromServer, MuxRole.Server);
        }
    }

    // What was sent on each stream is given to a mux of ours, frame by frame: what it writes is what was recorded.
    private static void AssertWrittenAgain(byte[] recorded, MuxRole role)
    {
        using var end = new MuxEnd(role, new(), s_start);
        var written = new ArrayBufferWriter<byte>();
        for (int at = 0; at < recorded.Length;)
        {
            MuxHeader.TryRead(recorded.AsSpan(at), out var header);
            var payload = recorded.AsSpan(at + MuxHeader.Size, header.PayloadBytes);
            at += MuxHeader.Size + header.PayloadBytes;
            Replay(end, header, payload);
            end.Mux.Fill(written, int.MaxValue);
        }
        Assert.Equal(recorded, written.WrittenSpan.ToArray());
    }

    private static void Replay(MuxEnd end, in MuxHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Type == MuxFrameType.Data) end.SendBytes(end.Stream(header.Stream), payload.ToArray());
        else if ((header.Flags & MuxFlags.Syn) != 0) Assert.True(end.Mux.TryOpen(out _));
        else if ((header.Flags & MuxFlags.Ack) != 0) end.Feed(new(MuxFrameType.WindowUpdate, MuxFlags.Syn, header.Stream, 0));
        else if ((header.Flags & MuxFlags.Fin) != 0) end.Mux.Finish(end.Stream(header.Stream));
        else Assert.Fail($"{header}");
    }

    private static void AssertBreaks(params MuxHeader[] headers)
    {
        using var server = new MuxEnd(MuxRole.Server, new(), s_start);
        foreach (var header in headers) server.Feed(header);
        Assert.True(server.Mux.IsOver);
        Assert.Contains("goaway 0 1", server.TakeFrames());
        Assert.Equal(0, server.Mux.StreamCount);
        Assert.False(server.Mux.TryOpen(out _));
    }

    private static byte[] Recorded(string name)
    {
        foreach (var vector in JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "rpc", "mux-frames.json"))).RootElement.EnumerateArray())
            if (vector.GetProperty("name").GetString() == name) return Convert.FromHexString(vector.GetProperty("hex").GetString()!);
        throw new InvalidOperationException(name);
    }
}
