using System.Text;
using Conclave.Core.Model;
using Conclave.State;
using FsCheck;
using FsCheck.Fluent;

namespace Conclave.Tests.State;

/// <summary>Random commands against <see cref="NaiveState"/>: results, entries and the indexes of queries.</summary>
public sealed class CommandModelTests
{
    public enum Act { Set, Cas, Delete, DeleteCas, DeleteTree, Lock, Unlock, Create, Destroy, Register, RemoveService, RemoveCheck, RemoveNode, Txn, Refused }

    /// <summary>One command; each act takes from the numbers what it needs.</summary>
    public readonly record struct Step(Act Act, int A, int B, int C, int D);

    private static readonly string[] KeyNames = ["", "a", "a/b", "a/bc", "a/b/c", "b"], NodeNames = ["n1", "n2"], ServiceIds = ["s1", "s2", "s3"], ServiceNames = ["web", "db"], CheckIds = ["c1", "c2"];
    private static readonly string[] Statuses = ["passing", "critical"], Behaviors = ["release", "delete"];

    private static readonly Arbitrary<Step[]> Steps = (
        from act in Gen.Elements(Enum.GetValues<Act>())
        from a in Gen.Choose(0, 5)
        from b in Gen.Choose(0, 5)
        from c in Gen.Choose(0, 5)
        from d in Gen.Choose(0, 5)
        select new Step(act, a, b, c, d)).ArrayOf().ToArbitrary();

    [Fact]
    public void Commands_do_what_the_plain_rules_say() => Property.Check(Steps, steps => new Run().All(steps), runs: 400);

    [Fact]
    public void A_snapshot_of_any_state_restores_to_the_same_state() => Property.Check(Steps, steps =>
    {
        var run = new Run();
        run.All(steps);
        var restored = StateDump.Restore(StateDump.Snapshot(run.Root));
        return restored.Digest == run.Root.Digest && StateDump.Lines(restored).SetEquals(StateDump.Lines(run.Root));
    }, runs: 200);

    [Fact]
    public void The_digest_does_not_depend_on_how_commands_are_batched() => Property.Check(Steps, steps =>
    {
        var (one, all) = (new Run(), new Run(publishEach: false));
        one.All(steps);
        all.All(steps);
        return one.Digests.SequenceEqual(all.Digests) && one.Root.Digest == all.Root.Digest && StateDump.Lines(one.Root).SetEquals(StateDump.Lines(all.Root));
    }, runs: 200);

    private sealed class Run
    {
        private readonly CommandApplier _applier;
        private readonly NaiveState _twin = new();
        private readonly bool _publishEach;
        private ulong _index = 100;
        private int _sessions;

        public Run(bool publishEach = true)
        {
            _publishEach = publishEach;
            _applier = new CommandApplier(Root);
        }

        public StateRoot Root { get; private set; } = new();

        /// <summary>Behind every third command, published or not.</summary>
        public List<ulong> Digests { get; } = [];

        public bool All(Step[] steps)
        {
            foreach (var step in steps)
            {
                _index++;
                Apply(step);
                _applier.Skip(new Core.LogIndex(_index));
                if (_index % 3 == 0) Digests.Add(_applier.Digest);
                if (!_publishEach) continue;
                Root = _applier.Publish(out _);
                Compare();
            }
            Root = _applier.Publish(out _);
            Compare();
            return true;
        }

        private void Apply(Step step)
        {
            switch (step.Act)
            {
                case Act.Set: Kv(KvOps.Set, step); break;
                case Act.Cas: Kv(KvOps.Cas, step); break;
                case Act.Delete: Kv(KvOps.Delete, step); break;
                case Act.DeleteCas: Kv(KvOps.DeleteCas, step); break;
                case Act.DeleteTree: Kv(KvOps.DeleteTree, step); break;
                case Act.Lock: Kv(KvOps.Lock, step); break;
                case Act.Unlock: Kv(KvOps.Unlock, step); break;
                case Act.Create: Create(step); break;
                case Act.Destroy:
                    _applier.ApplySession(_index, new SessionRequest { Op = "destroy", Session = new Session { Id = SessionId(step.A) } });
                    _twin.End(_index, SessionId(step.A));
                    break;
                case Act.Register: Register(step); break;
                case Act.RemoveService: Deregister(step, service: ServiceIds[step.B % 3]); break;
                case Act.RemoveCheck: Deregister(step, check: CheckIds[step.B % 2]); break;
                case Act.RemoveNode: Deregister(step); break;
                case Act.Txn: Txn(step); break;
                default: Refused(step); break;
            }
        }

        private void Kv(string op, Step step)
        {
            var (key, value, session) = (KeyNames[step.A], "v" + step.B % 3, SessionId(step.C));
            var cas = step.D == 0 ? 0 : _twin.Keys.TryGetValue(key, out var old) ? old.Modified : 1;
            Same(_twin.Kv(_index, op, key, value, cas, session), _applier.ApplyKv(_index, new KvRequest { Op = op, Entry = Entry(key, value, cas, session) }));
        }

        private void Create(Step step)
        {
            var (id, node, behavior, check) = (SessionId(++_sessions), NodeNames[step.A % 2], Behaviors[step.B % 2], step.C < 3 ? null : CheckIds[step.C % 2]);
            var request = new Session { Id = id, Node = node, Behavior = behavior, NodeChecks = check is null ? null : [check] };
            Same(_twin.Create(_index, id, node, behavior, check), _applier.ApplySession(_index, new SessionRequest { Op = "create", Session = request }));
        }

        private void Register(Step step)
        {
            var (node, address) = (NodeNames[step.A % 2], "10.0.0." + step.A / 2);
            (string, string, int)? service = step.B == 0 ? null : (ServiceIds[step.B % 3], ServiceNames[step.C % 2], step.D);
            (string Id, string Status, string Service)? check = step.C == 0 ? null : (CheckIds[step.C % 2], Statuses[step.D % 2], step.B < 3 ? "" : ServiceIds[step.D % 3]);
            var result = _applier.ApplyRegister(_index, new RegisterRequest
            {
                Node = node, Address = address,
                Service = service is { } s ? new NodeService { Id = s.Item1, Service = s.Item2, Port = s.Item3 } : null,
                Check = check is { } c ? new HealthCheck { Node = node, CheckId = c.Id, Status = c.Status, ServiceId = c.Service } : null,
            });
            Same(_twin.Register(_index, node, address, service, check), result);
        }

        private void Deregister(Step step, string service = "", string check = "")
        {
            var node = NodeNames[step.A % 2];
            _applier.ApplyDeregister(_index, new DeregisterRequest { Node = node, ServiceId = service, CheckId = check });
            if (service.Length > 0) _twin.RemoveService(_index, node, service);
            else if (check.Length > 0) _twin.RemoveCheck(_index, node, check);
            else _twin.RemoveNode(_index, node);
        }

        /// <summary>Two writes and the removal of a service at one index.</summary>
        private void Txn(Step step)
        {
            var (one, two, node, service) = (KeyNames[step.A], KeyNames[step.B], NodeNames[step.C % 2], ServiceIds[step.D % 3]);
            var result = _applier.ApplyTxn(_index, new TxnRequest
            {
                Ops =
                [
                    new TxnOp { Kv = new TxnKvOp(KvOps.Set, Entry(one, "t", 0, "")) },
                    new TxnOp { Kv = new TxnKvOp(KvOps.DeleteTree, Entry(two, "", 0, "")) },
                    new TxnOp { Service = new TxnServiceOp("delete", node, new NodeService { Id = service }) },
                ],
            });
            Assert.Empty(result.Txn!.Errors);
            _twin.Kv(_index, KvOps.Set, one, "t", 0, "");
            _twin.Kv(_index, KvOps.DeleteTree, two, "", 0, "");
            _twin.RemoveService(_index, node, service);
        }

        /// <summary>Changes of every kind that are all taken back.</summary>
        private void Refused(Step step)
        {
            var result = _applier.ApplyTxn(_index, new TxnRequest
            {
                Ops =
                [
                    new TxnOp { Kv = new TxnKvOp(KvOps.Set, Entry(KeyNames[step.A], "refused", 0, "")) },
                    new TxnOp { Node = new TxnNodeOp("delete", new NodeEntry { Name = NodeNames[step.B % 2] }) },
                    new TxnOp { Kv = new TxnKvOp(KvOps.DeleteTree, Entry(KeyNames[step.C], "", 0, "")) },
                    new TxnOp { Node = new TxnNodeOp("set", new NodeEntry { Name = NodeNames[step.D % 2], Address = "refused" }) },
                    new TxnOp { Kv = new TxnKvOp(KvOps.CheckIndex, Entry("never", "", 1, "")) },
                ],
            });
            Assert.Equal(4, Assert.Single(result.Txn!.Errors).OpIndex);
        }

        private void Compare()
        {
            CompareKeys();
            CompareCatalog();
            var sessions = new List<Session>();
            Assert.Equal(_twin.Index("sessions"), Root.SessionList(null, sessions));
            Assert.Equal(_twin.Sessions.Values.Select(each => (each.Id, each.Node, each.Behavior)), sessions.Select(each => (each.Id, each.Node, each.Behavior)));
            Assert.Equal(_twin.Ended, _applier.TakeEndedSessions().Select(ended => ended.Session.Id));
            _twin.Ended.Clear();
        }

        private void CompareKeys()
        {
            foreach (var prefix in KeyNames)
            {
                var entries = new List<KvEntry>();
                Assert.Equal(_twin.ListIndex(prefix), Root.KvList(Encoding.UTF8.GetBytes(prefix), null, entries));
                Assert.Equal(
                    _twin.Keys.Values.Where(key => key.Name.StartsWith(prefix, StringComparison.Ordinal)),
                    entries.Select(entry => new NaiveState.Key(Encoding.UTF8.GetString(entry.Key), Encoding.UTF8.GetString(entry.Value.Span), entry.Session, entry.LockIndex, entry.CreateIndex, entry.ModifyIndex)));
                Assert.Equal(_twin.Keys.TryGetValue(prefix, out var twin) ? twin.Modified : _twin.KvIndex, Root.KvGet(Encoding.UTF8.GetBytes(prefix), null, out var found));
                Assert.Equal(twin?.Value, found is null ? null : Encoding.UTF8.GetString(found.Value.Span));
            }
        }

        private void CompareCatalog()
        {
            var nodes = new List<NodeEntry>();
            Assert.Equal(_twin.Index("nodes"), Root.Nodes(null, null, nodes));
            Assert.Equal(_twin.Nodes.Values, nodes.Select(node => new NaiveState.Box(node.Name, node.Address, node.CreateIndex, node.ModifyIndex)));
            foreach (var name in ServiceNames) CompareService(name);
            var checks = new List<HealthCheck>();
            Assert.Equal(_twin.Index("checks"), Root.ChecksInState(HealthStatus.Any, null, null, checks));
            Assert.Equal(_twin.Checks.Values, checks.Select(Probe));
            checks.Clear();
            Root.ChecksInState(HealthStatus.Critical, null, null, checks);
            Assert.Equal(_twin.Checks.Values.Where(check => check.Status == "critical"), checks.Select(Probe));
        }

        private void CompareService(string name)
        {
            var (instances, health, checks) = (new List<ServiceNode>(), new List<CheckServiceNode>(), new List<HealthCheck>());
            var expected = _twin.Services.Values.Where(service => service.Name == name).ToList();
            Assert.Equal(_twin.ServiceIndex(name, withChecks: false), Root.ServiceNodes(name, null, null, null, instances));
            Assert.Equal(expected, instances.Select(row => new NaiveState.Instance(row.Node.Name, row.Service.Id, row.Service.Service, row.Service.Port, row.Service.CreateIndex, row.Service.ModifyIndex)));
            Assert.Equal(_twin.ServiceIndex(name, withChecks: true), Root.CheckServiceNodes(name, null, null, connect: false, null, health));
            for (var i = 0; i < expected.Count; i++)
            {
                var of = _twin.Checks.Values.Where(check => check.Node == expected[i].Node).ToList();
                Assert.Equal(of.Where(check => check.Service.Length == 0).Concat(of.Where(check => check.Service == expected[i].Id)), health[i].Checks.Select(Probe));
                Assert.Equal(_twin.Nodes[expected[i].Node].Modified, health[i].Node.ModifyIndex);
            }
            Root.ServiceChecks(name, null, null, checks);
            Assert.Equal(_twin.Checks.Values.Where(check => check.ServiceName == name), checks.Select(Probe));
        }

        private static NaiveState.Probe Probe(HealthCheck check) =>
            new(check.Node, check.CheckId, check.Status, check.ServiceId, check.ServiceName, check.CreateIndex, check.ModifyIndex);

        private static void Same(ApplyResult expected, ApplyResult actual) => Assert.Equal((expected.Kind, expected.Flag, expected.Text), (actual.Kind, actual.Flag, actual.Text));

        private static KvEntry Entry(string key, string value, ulong cas, string session) =>
            new() { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(value), HasValue = true, ModifyIndex = cas, Session = session };

        private static string SessionId(int number) => $"00000000-0000-4000-8000-{number:x12}";
    }
}
