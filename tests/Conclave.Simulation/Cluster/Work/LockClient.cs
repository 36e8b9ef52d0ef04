using System.Buffers;
using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node.Requests;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// Takes a lock by the book: a session with a TTL, renewed in time, holding is believed only as long as the TTL since the last renewal was asked for. From time to time it
/// dies without a word and comes back as another one.
/// </summary>
internal sealed class LockClient(SimCluster cluster, int number) : SimClient(cluster, $"lock{number}")
{
    /// <summary>The TTL of the sessions; the servers give them twice as long.</summary>
    public static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);

    private static readonly byte[] s_key = Encoding.UTF8.GetBytes(LockRules.Key);

    private string _session = "";
    private Instant _believedUntil;

    /// <summary>Whether this client has every reason to believe that it alone holds the lock.</summary>
    public bool Holds { get; private set; }

    protected override void Step()
    {
        Expire();
        if (_session.Length == 0) CreateSession();
        else if (Chance.Next(25) == 0) Die();
        else if (Cluster.World.Now + Ttl / 2 > _believedUntil) RenewSession();
        else if (!Holds) Acquire();
        else if (Chance.Next(3) == 0) Release();
        else Pause();
    }

    /// <summary>Stops believing when the time is over.</summary>
    public void Expire()
    {
        if (Cluster.World.Now < _believedUntil) return;
        Holds = false;
        _session = "";
    }

    private void Die()
    {
        Holds = false;
        _session = "";
        Cluster.World.Mark("lock holder died");
        Pause();
    }

    private void CreateSession()
    {
        var asked = Cluster.World.Now;
        long delay = Chance.Next(3) == 0 ? 0 : Chance.Next(4_000_000_000);
        var session = new Session { Node = Setup.StableNode, Ttl = "2s", LockDelayNanoseconds = delay, Behavior = Chance.Next(4) == 0 ? SessionRequests.Delete : SessionRequests.Release };
        Apply(CommandCodec.Encode(new SessionRequest { Op = SessionRequests.Create, Session = session }), call =>
        {
            if (call is { Outcome: Outcome.Answered, Result.Kind: ApplyResultKind.Text })
            {
                _session = call.Result.Text;
                _believedUntil = asked + Ttl;
                Successes++;
            }
            Pause();
        });
    }

    private void RenewSession()
    {
        var asked = Cluster.World.Now;
        string session = _session;
        Renew(session, call =>
        {
            if (call.Outcome == Outcome.Answered && session == _session)
            {
                if (call.Session is null) (_session, Holds) = ("", false);
                else if (Cluster.World.Now < _believedUntil) _believedUntil = asked + Ttl;
            }
            Pause();
        });
    }

    private void Acquire()
    {
        string session = _session;
        Apply(Command(KvOps.Lock, session), call =>
        {
            Expire();
            if (call is { Outcome: Outcome.Answered, Result.Flag: true } && session == _session)
            {
                Holds = true;
                Successes++;
                Cluster.Locks.OnHeld(this, Name);
            }
            Pause();
        });
    }

    private void Release()
    {
        Holds = false;
        string session = _session;
        Apply(Command(KvOps.Unlock, session), call =>
        {
            // Whether it is released is not known: the session goes, and the lock with it.
            if (call.Outcome == Outcome.Unknown) _session = "";
            Pause();
        });
    }

    private byte[] Command(string op, string session) =>
        CommandCodec.EncodeKv(op, s_key, new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(Name)), hasValue: true, flags: 0, session, 0);
}
