using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>Tries the frame itself: processes that send each other numbers by datagram and by stream and know what may come of them.</summary>
internal sealed class EchoScenario : IScenario
{
    private const int DefaultNodes = 5, PlanItems = 20, Seconds = 60;
    private const string DeliversTwice = "stream-twice", ForgetsHealing = "no-healing";

    public string Name => "echo";

    public IReadOnlyList<string> Mutations => [DeliversTwice, ForgetsHealing];

    public List<PlanItem> MakePlan(ulong seed, ScenarioOptions options)
    {
        var chance = new Prng(StableHash.Of("plan", seed));
        int nodes = options.Nodes ?? DefaultNodes;
        var plan = new List<PlanItem>();
        for (int i = 0; i < PlanItems; i++)
        {
            var at = new Instant(0) + chance.NextTimeSpan(TimeSpan.FromSeconds(Seconds));
            var kind = (FaultKind)(1 + chance.Next((int)FaultKind.WallJump));
            double amount = kind is FaultKind.Mtu ? 200 : kind is FaultKind.Drift ? chance.Next(200) - 100 : chance.NextDouble() * 0.3;
            plan.Add(new PlanItem(at, (int)kind, (int)chance.Next(nodes), (int)chance.Next(nodes), chance.NextTimeSpan(TimeSpan.FromSeconds(10)), amount, chance.NextUInt64()));
        }
        return plan;
    }

    public void Run(SimWorld world, IReadOnlyList<PlanItem> plan, ScenarioOptions options)
    {
        int nodes = options.Nodes ?? DefaultNodes;
        var network = new SimNetwork(world, nodes);
        var processes = new List<EchoProcess>();
        for (int i = 0; i < nodes; i++) processes.Add(new EchoProcess(world, network, i, options.Mutation == DeliversTwice));
        var faults = new FaultApplier(world, network, processes);
        faults.Schedule(plan, _ => { });
        world.RunFor(TimeSpan.FromSeconds(Seconds));
        if (options.Mutation != ForgetsHealing) faults.EndAll();
        else network.Separate(node => node == 0);
        world.RunFor(TimeSpan.FromSeconds(Seconds));
        foreach (var process in processes) process.CheckAnswered();
    }

    public string Describe(in PlanItem item) => FaultApplier.Describe(item);
}

/// <summary>Sends a number to somebody every few milliseconds, by datagram or stream, and answers what comes.</summary>
internal sealed class EchoProcess : SimProcess
{
    private const int NumberBytes = 8;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(20), s_patience = TimeSpan.FromSeconds(10);

    private readonly byte[] _bytes = new byte[NumberBytes + 1];
    private readonly bool _deliversTwice;
    private Instant _answeredAt;
    private long _next;

    public EchoProcess(SimWorld world, SimNetwork network, int id, bool deliversTwice) : base(world, network, id)
    {
        _deliversTwice = deliversTwice;
        Up();
        WakeAt(LocalNow + Chance.NextTimeSpan(s_interval));
    }

    public override void OnDatagram(int from, ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] == 1)
        {
            _answeredAt = World.Now;
            return;
        }
        bytes.CopyTo(_bytes);
        _bytes[0] = 1;
        Network.Send(Id, from, _bytes.AsMemory(0, bytes.Length));
    }

    public override bool OnAccept(SimStreamEnd end, int from) => true;

    // A stream carries bytes 0, 1, 2, … so that a lost, doubled or exchanged one shows at once.
    public override void OnStreamBytes(SimStreamEnd end, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            if (b != (byte)end.Tag) SimFailureException.Safety("stream order", $"byte {b} came at place {end.Tag}");
            end.Tag++;
        }
        if (_deliversTwice && end.Tag > NumberBytes) OnStreamBytes(end, bytes);
    }

    public override void OnStreamEnded(SimStreamEnd end, string? error)
    {
        if (error is not null) World.Mark("stream: " + error);
    }

    public void CheckAnswered()
    {
        if (World.Now - _answeredAt > s_patience) SimFailureException.Liveness("answers", $"node {Id} was answered last at {_answeredAt.Nanoseconds} ns");
    }

    protected override void OnWake()
    {
        int to = (Id + 1 + (int)Chance.Next(Network.NodesMax - 1)) % Network.NodesMax;
        _bytes[0] = 0;
        BitConverter.TryWriteBytes(_bytes.AsSpan(1), ++_next);
        Network.Send(Id, to, _bytes);
        if (Chance.Next(50) == 0) SendStream(to);
        WakeAt(LocalNow + s_interval);
    }

    private void SendStream(int to)
    {
        var end = Network.Dial(Id, to);
        var bytes = new byte[Chance.Next(50_000)];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)i;
        Network.Write(end, bytes);
        Network.Close(end);
    }
}
