using System.Globalization;
using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>Carries out the faults that the frame knows, and takes them back when their time is over.</summary>
internal sealed class FaultApplier(SimWorld world, SimNetwork network, IReadOnlyList<SimProcess> processes)
{
    private bool _isOver;

    /// <summary>Schedules the frame's part of a plan; the rest goes to <paramref name="own"/>.</summary>
    public void Schedule(IReadOnlyList<PlanItem> plan, Action<PlanItem> own)
    {
        foreach (var item in plan)
        {
            if (item.Kind >= PlanItem.FirstOwnKind) world.At(item.At, () => own(item));
            else world.At(item.At, () => Apply(item));
        }
    }

    /// <summary>The time of faults is over: the network is whole, nobody is paused any more, and what would still come does not.</summary>
    public void EndAll()
    {
        _isOver = true;
        network.HealAll();
    }

    public static string Describe(in PlanItem item) => string.Create(
        CultureInfo.InvariantCulture,
        $"{item.At.Nanoseconds / 1e9,10:F3} s  {(FaultKind)item.Kind} a={item.A} b={item.B} for {item.For.TotalSeconds:F3} s, amount {item.Amount:0.###}, seed {item.Seed}");

    public void Apply(PlanItem item)
    {
        if (_isOver) return;
        var kind = (FaultKind)item.Kind;
        world.CountFault(kind.ToString());
        world.Trace.Add(world.Now, "fault {c} a={a} b={b}", item.A, item.B, kind);
        switch (kind)
        {
            case FaultKind.Partition: Cut(item, IsDrawn(item.Seed), oneWay: false); break;
            case FaultKind.OneWayPartition: Cut(item, IsDrawn(item.Seed), oneWay: true); break;
            case FaultKind.CutLink: CutLink(item); break;
            case FaultKind.Isolate: Cut(item, node => node == item.A, oneWay: false); break;
            case FaultKind.Clog:
                network.SetClog(item.A, TimeSpan.FromSeconds(item.Amount));
                Later(item, () => network.SetClog(item.A, TimeSpan.Zero));
                break;
            case FaultKind.Loss when item.A >= 0:
                network.SetLoss(item.A, item.Amount);
                Later(item, () => network.SetLoss(item.A, 0));
                break;
            case FaultKind.Loss:
                network.ExtraLoss += item.Amount;
                Later(item, () => network.ExtraLoss -= item.Amount);
                break;
            case FaultKind.Duplicate:
                network.ExtraDuplicate += item.Amount;
                Later(item, () => network.ExtraDuplicate -= item.Amount);
                break;
            case FaultKind.Reorder:
                network.ExtraReorder += item.Amount;
                Later(item, () => network.ExtraReorder -= item.Amount);
                break;
            case FaultKind.ResetStreams: network.ResetStreams(item.A); break;
            case FaultKind.BreakStreams:
                network.BreakChance += item.Amount;
                Later(item, () => network.BreakChance -= item.Amount);
                break;
            case FaultKind.HalfOpenStreams:
                network.HalfOpenChance += item.Amount;
                Later(item, () => network.HalfOpenChance -= item.Amount);
                break;
            case FaultKind.Mtu:
                network.Mtu = (int)item.Amount;
                Later(item, () => network.Mtu = int.MaxValue);
                break;
            case FaultKind.Pause: processes[item.A].Pause(item.For); break;
            case FaultKind.Drift: processes[item.A].Clock.SetDrift(world.Now, (long)item.Amount); break;
            case FaultKind.WallJump: processes[item.A].Clock.JumpWall(item.Amount < 0 ? -item.For : item.For); break;
        }
    }

    private static Predicate<int> IsDrawn(ulong seed) => node => (StableHash.Of((ulong)node, seed) & 1) == 0;

    private void Cut(PlanItem item, Predicate<int> isInside, bool oneWay)
    {
        var cut = network.Separate(isInside, oneWay);
        Later(item, () => network.Heal(cut));
    }

    private void CutLink(PlanItem item)
    {
        var cut = network.SeparateLink(item.A, item.B);
        Later(item, () => network.Heal(cut));
    }

    private void Later(PlanItem item, Action end) => world.After(item.For, () =>
    {
        if (!_isOver) end();
    });
}
