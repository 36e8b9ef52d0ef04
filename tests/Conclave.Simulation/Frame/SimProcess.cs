using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>
/// A node's process: it has clocks, can be paused, stopped and started again, and is woken when it wants to be. What it does is up to the one who derives from it.
/// </summary>
internal abstract class SimProcess : SimActor, INetworkHost
{
    private const int Wake = 1;

    private Instant _armedAt = Instant.Never;
    private long _life;

    protected SimProcess(SimWorld world, SimNetwork network, int id) : base(world)
    {
        Network = network;
        Id = id;
        Chance = world.Stream($"node/{id}");
        Clock = new VirtualClock(world.Now, new Instant(Chance.Next(1L << 50)));
    }

    public int Id { get; }

    public VirtualClock Clock { get; }

    public bool IsUp { get; private set; }

    public Instant PausedUntil { get; private set; }

    protected SimNetwork Network { get; }

    /// <summary>The node's own chance.</summary>
    protected Prng Chance { get; }

    /// <summary>The node's monotonic clock now.</summary>
    protected Instant LocalNow => Clock.Local(World.Now);

    /// <summary>Comes up. The derived process prepares itself before.</summary>
    protected void Up()
    {
        Invariant.Require(!IsUp, "a process is started while it runs");
        IsUp = true;
        _life++;
        _armedAt = Instant.Never;
        Network.Attach(Id, this);
    }

    /// <summary>Goes away at once, without a word of its own.</summary>
    protected void Down(bool machineDead)
    {
        if (!IsUp) return;
        IsUp = false;
        PausedUntil = World.Now;
        Network.Detach(Id, machineDead);
    }

    /// <summary>Gets nothing until then, and afterwards everything that came meanwhile.</summary>
    public virtual void Pause(TimeSpan time)
    {
        if (!IsUp) return;
        var until = World.Now + time;
        if (until > PausedUntil) PausedUntil = until;
    }

    /// <summary>Wakes the process when its own clock shows <paramref name="local"/>, unless it asked for something earlier.</summary>
    protected void WakeAt(Instant local)
    {
        var at = Clock.TrueAt(local);
        if (at >= _armedAt || at == Instant.Never) return;
        if (at <= World.Now) at = new Instant(World.Now.Nanoseconds + 1);
        _armedAt = at;
        World.At(at, this, Wake, at.Nanoseconds, _life);
    }

    public override void OnEvent(in SimEvent happened)
    {
        if (happened.Kind != Wake)
        {
            OnOwnEvent(in happened);
            return;
        }
        if (!IsUp || happened.B != _life || happened.A != _armedAt.Nanoseconds) return;
        if (PausedUntil > World.Now)
        {
            _armedAt = PausedUntil;
            World.At(PausedUntil, this, Wake, PausedUntil.Nanoseconds, _life);
            return;
        }
        _armedAt = Instant.Never;
        OnWake();
    }

    /// <summary>The time that was asked for has come.</summary>
    protected abstract void OnWake();

    /// <summary>An event of a kind above 1, which the derived process scheduled for itself.</summary>
    protected virtual void OnOwnEvent(in SimEvent happened)
    {
    }

    public abstract void OnDatagram(int from, ReadOnlySpan<byte> bytes);

    public abstract bool OnAccept(SimStreamEnd end, int from);

    public virtual void OnConnected(SimStreamEnd end)
    {
    }

    public abstract void OnStreamBytes(SimStreamEnd end, ReadOnlySpan<byte> bytes);

    public abstract void OnStreamEnded(SimStreamEnd end, string? error);
}
