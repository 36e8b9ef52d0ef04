using System.Buffers;
using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

internal sealed partial class GossipProcess
{
    private const int RareChance = 20;

    // The order is that of a host: files first, so that what is announced has been noted.
    private void CarryOut()
    {
        var outbox = Pool.Outbox;
        foreach (var file in outbox.Files) Store(file);
        for (int i = 0; i < outbox.PacketCount; i++) Send(outbox.Packet(i));
        foreach (var dial in outbox.Dials) Dial(dial);
        foreach (var answer in outbox.Answers) Answer(answer);
        foreach (long stream in outbox.Closes) Close(stream);
        foreach (var line in outbox.Log) Note(line);
        bool isOver = outbox.Fatal is not null;
        var (events, completions) = (outbox.Events, outbox.Completions);
        if (events.Count + completions.Count == 0) outbox.Clear();
        else
        {
            // What is told to the outside may come back as another input at once, and that must find the outbox empty.
            GossipEvent[] happened = [];
            if (_cluster.Meter is not { } meter) happened = [.. events];
            else foreach (var e in events) meter.OnEvent(e);
            var completed = completions.ToArray();
            outbox.Clear();
            int life = Life;
            foreach (var e in happened) Hear(e);
            foreach (var completion in completed)
                if (IsUp && Life == life) Complete(completion);
        }
        if (!IsUp) return;
        if (isOver) Stop(machineDead: false);
        else WakeAt(Pool.NextWake);
    }

    private void Send(in GossipPacket packet)
    {
        if (GossipCluster.IdOf(packet.To) is var to && to >= 0 && to < Network.NodesMax) Network.Send(Id, to, packet.Bytes);
        else World.Mark("packet to nowhere");
    }

    private void Dial(in GossipDial dial)
    {
        int to = GossipCluster.IdOf(dial.To);
        if (to < 0 || to >= Network.NodesMax)
        {
            World.Mark("dial to nowhere");
            return;
        }
        var end = Network.Dial(Id, to, dial.Stream);
        _streams.Add(dial.Stream, end);
        Network.Write(end, dial.Bytes.Span);
    }

    private void Answer(in GossipAnswer answer)
    {
        if (!_streams.Remove(answer.Stream, out var end)) return;
        Network.Write(end, answer.Bytes.Span);
        Network.Close(end);
    }

    private void Close(long stream)
    {
        if (_streams.Remove(stream, out var end)) Network.Close(end);
    }

    private void Store(in GossipFile file)
    {
        if (file.Work is GossipFileWork.ReplaceKeyring) return;
        if (_fileFailsUntil > World.Now)
        {
            World.CountFault("file fails");
            FileFailedAt = World.Now;
            var work = file.Work;
            long life = Life;
            World.After(TimeSpan.FromMilliseconds(5), () => FileFailed(work, life));
            return;
        }
        if (_cluster.Mutation == GossipMutations.SnapshotLoses && _own.Next(RareChance) == 0) return;
        if (file.Work == GossipFileWork.ReplaceSnapshot)
        {
            World.Mark("snapshot replaced");
            _file.Replace(file.Bytes.Span);
        }
        else _file.Append(file.Bytes.Span, file.Work == GossipFileWork.AppendSnapshotAndFlush);
    }

    private void FileFailed(GossipFileWork work, long life)
    {
        if (!IsUp || Life != life || PausedUntil > World.Now) return;
        Tick();
        Pool.OnFileFailed(work, "no space left on device");
        CarryOut();
    }

    private void Note(in GossipLogLine line)
    {
        if (_cluster.Meter is not null) return;
        World.Trace.Add(World.Now, "node {a}: {c}", Id, 0, line.Text);
        if (line.Level >= GossipLogLevel.Warning) World.Mark("log: " + Shape(line.Text));
    }

    // The first words of a line without names and numbers in it: good enough to tell kinds of lines apart.
    private static string Shape(string text)
    {
        int words = 0, at = 0;
        while (at < text.Length && words < 5 && (char.IsAsciiLetter(text[at]) || text[at] is ' ' or '-' or '/' or '\''))
            if (text[at++] == ' ') words++;
        return text[..at].TrimEnd();
    }

    private void Hear(GossipEvent happened)
    {
        World.Trace.Add(World.Now, "node {a} hears {c}", Id, 0, new EventName(happened));
        if (_cluster.Mutation == GossipMutations.FailureUnsaid && happened.Kind == GossipEventKind.Failed && _own.Next(RareChance / 4) == 0) return;
        if (_cluster.Mutation == GossipMutations.EventLost && happened.Kind == GossipEventKind.User && _own.Next(RareChance) == 0) return;
        _cluster.Tell(checker => checker.OnEvent(this, happened));
        bool isDoubled = (_cluster.Mutation == GossipMutations.EventTwice && happened.Kind == GossipEventKind.User)
            || (_cluster.Mutation == GossipMutations.ResponseTwice && happened.Kind == GossipEventKind.QueryResponse);
        if (isDoubled && _own.Next(RareChance) == 0) _cluster.Tell(checker => checker.OnEvent(this, happened));
        if (happened.Kind == GossipEventKind.Query && IsUp && Phase != NodePhase.Leaving) Respond(happened);
    }

    private void Respond(GossipEvent query)
    {
        long number = query.Query;
        long life = Life;
        World.After(_own.NextTimeSpan(TimeSpan.FromMilliseconds(300)), () =>
        {
            if (!IsUp || Life != life || PausedUntil > World.Now || Phase == NodePhase.Leaving) return;
            Tick();
            if (!Pool.TryRespond(number, System.Text.Encoding.UTF8.GetBytes(Name), out _)) World.Mark("response too late");
            CarryOut();
        });
    }

    private void Complete(in GossipCompletion completion)
    {
        if (_cluster.Mutation == GossipMutations.NeverCompleted && _own.Next(RareChance / 4) == 0) return;
        string what = _requests.GetValueOrDefault(completion.Request, "nothing");
        var done = completion;
        _cluster.Tell(checker => checker.OnCompleted(this, done));
        if (_cluster.Mutation == GossipMutations.CompletedTwice) _cluster.Tell(checker => checker.OnCompleted(this, done));
        _requests.Remove(completion.Request);
        if (what == "leave") World.At(World.Now, this, Settled, Life);
        if (what == "join" && Phase == NodePhase.Joining)
        {
            if (completion.Error is null) Enter();
            else World.At(World.Now + s_joinRetry, this, JoinRetry, Life);
        }
    }

    // Put together only when somebody reads the trace.
    private sealed class EventName(GossipEvent happened)
    {
        public override string ToString() => $"{happened.Kind} {happened.Member?.Name ?? happened.Name} {happened.From} @{happened.LamportTime}";
    }
}
