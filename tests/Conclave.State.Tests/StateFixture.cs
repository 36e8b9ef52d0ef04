using System.Text;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Tests.State;

/// <summary>An applier with a published root after each command, and short ways to say commands and queries.</summary>
internal sealed class StateFixture
{
    private int _sessions;

    public StateFixture() => Applier = new CommandApplier(Root);

    public CommandApplier Applier { get; }

    public StateRoot Root { get; private set; } = new();

    public ulong Index { get; private set; } = 10;

    /// <summary>Whether the last command had waiters to be called.</summary>
    public bool Called { get; private set; }

    public ApplyResult Kv(string op, string key, string? value = null, ulong cas = 0, string session = "") =>
        Do(index => Applier.ApplyKv(index, new KvRequest
        {
            Op = op,
            Entry = new KvEntry
            {
                Key = Encoding.UTF8.GetBytes(key), Value = value is null ? default : Encoding.UTF8.GetBytes(value), HasValue = value is not null, ModifyIndex = cas, Session = session,
            },
        }));

    public ApplyResult Set(string key, ReadOnlyMemory<byte> value) =>
        Do(index => Applier.ApplyKv(index, new KvRequest { Op = KvOps.Set, Entry = new KvEntry { Key = Encoding.UTF8.GetBytes(key), Value = value, HasValue = true } }));

    public ApplyResult Node(string name, string id = "", string address = "10.0.0.1") => Register(new RegisterRequest { Node = name, Id = id, Address = address });

    public ApplyResult Register(RegisterRequest request) => Do(index => Applier.ApplyRegister(index, request));

    /// <summary>Leaves a node that is there as it is.</summary>
    public ApplyResult Service(string node, string id, string name, string? check = null, string status = HealthStatus.Passing, string address = "10.0.0.1") =>
        Register(new RegisterRequest
        {
            Node = node, Address = address, SkipNodeUpdate = true, Service = new NodeService { Id = id, Service = name, Port = 80 },
            Check = check is null ? null : new HealthCheck { Node = node, CheckId = check, Name = check, Status = status, ServiceId = id },
        });

    public ApplyResult Check(string node, string id, string status, string service = "") =>
        Register(new RegisterRequest { Node = node, Address = "10.0.0.1", SkipNodeUpdate = true, Check = new HealthCheck { Node = node, CheckId = id, Name = id, Status = status, ServiceId = service } });

    public ApplyResult Deregister(string node, string service = "", string check = "") =>
        Do(index => Applier.ApplyDeregister(index, new DeregisterRequest { Node = node, ServiceId = service, CheckId = check }));

    public ApplyResult Create(Session session) => Do(index => Applier.ApplySession(index, new SessionRequest { Op = "create", Session = session }));

    public string Session(string node, string behavior = "", long lockDelay = 0, IReadOnlyList<string>? checks = null)
    {
        var id = $"00000000-0000-4000-8000-{++_sessions:x12}";
        var result = Create(new Session { Id = id, Node = node, Behavior = behavior, LockDelayNanoseconds = lockDelay, NodeChecks = checks });
        Assert.Equal(id, result.Text);
        return id;
    }

    public ApplyResult Destroy(string id) => Do(index => Applier.ApplySession(index, new SessionRequest { Op = "destroy", Session = new Session { Id = id } }));

    public TxnResponse Txn(params TxnOp[] ops) => Do(index => Applier.ApplyTxn(index, new TxnRequest { Ops = ops })).Txn!;

    public ulong Get(string key, out KvEntry? entry, WatchSet? watches = null) => Root.KvGet(Encoding.UTF8.GetBytes(key), watches, out entry);

    public ulong List(string prefix, out List<KvEntry> entries, WatchSet? watches = null) => Root.KvList(Encoding.UTF8.GetBytes(prefix), watches, entries = []);

    public ulong Keys(string prefix, string separator, out List<string> names)
    {
        var found = new List<ReadOnlyMemory<byte>>();
        var index = Root.KvKeys(Encoding.UTF8.GetBytes(prefix), Encoding.UTF8.GetBytes(separator), null, found);
        names = found.ConvertAll(name => Encoding.UTF8.GetString(name.Span));
        return index;
    }

    /// <summary>For commands given to the applier as bytes, which count their index themselves.</summary>
    public void Skip() => Index++;

    public void Publish()
    {
        Root = Applier.Publish(out var fired);
        Called = !fired.TryFinish();
        if (Called) fired.Fire();
    }

    private ApplyResult Do(Func<ulong, ApplyResult> apply)
    {
        Index++;
        var result = apply(Index);
        Applier.Skip(new LogIndex(Index));
        Publish();
        return result;
    }
}
