using Conclave.Core.Model;

namespace Conclave.Tests.State;

/// <summary>The rules of keys, sessions and catalog written down a second time, as plainly as possible: dictionaries, full scans, no derived tables.</summary>
internal sealed class NaiveState
{
    public sealed record Key(string Name, string Value, string Session, ulong Lock, ulong Created, ulong Modified);

    public sealed record Lease(string Id, string Node, string Behavior, string? Check);

    public sealed record Box(string Name, string Address, ulong Created, ulong Modified);

    public sealed record Instance(string Node, string Id, string Name, int Port, ulong Created, ulong Modified);

    public sealed record Probe(string Node, string Id, string Status, string Service, string ServiceName, ulong Created, ulong Modified);

    public SortedDictionary<string, Key> Keys { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, ulong> Tombstones { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, Lease> Sessions { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, Box> Nodes { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<(string Node, string Id), Instance> Services { get; } = [];

    public SortedDictionary<(string Node, string Id), Probe> Checks { get; } = [];

    public Dictionary<string, ulong> Indexes { get; } = [];

    public List<string> Ended { get; } = [];

    public ulong Index(string name) => Indexes.GetValueOrDefault(name);

    public ulong KvIndex => Math.Max(Index("kvs"), Index("tombstones"));

    public ulong ListIndex(string prefix)
    {
        if (prefix.Length == 0) return KvIndex;
        var newest = Keys.Values.Where(key => key.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(key => key.Modified)
            .Concat(Tombstones.Where(stone => stone.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(stone => stone.Value)).DefaultIfEmpty().Max();
        return newest > 0 ? newest : KvIndex;
    }

    public ulong ServiceIndex(string name, bool withChecks)
    {
        if (Index("service_last_extinction") > 0 && !Services.Values.Any(service => service.Name == name)) return Index("service_last_extinction");
        // An instance that took another name leaves the index of the old one behind.
        if (Indexes.TryGetValue("service." + name, out var own)) return own;
        var index = Math.Max(Index("nodes"), Index("services"));
        return withChecks ? Math.Max(index, Index("checks")) : index;
    }

    public ApplyResult Kv(ulong index, string op, string key, string value, ulong cas, string session)
    {
        Keys.TryGetValue(key, out var old);
        switch (op)
        {
            case KvOps.Set: Store(index, key, value, old?.Session ?? "", 0); return ApplyResult.None;
            case KvOps.Cas:
                if ((old?.Modified ?? 0) != cas) return ApplyResult.Of(false);
                Store(index, key, value, old?.Session ?? "", 0);
                return ApplyResult.Of(true);
            case KvOps.Delete: Remove(index, key); return ApplyResult.None;
            case KvOps.DeleteCas:
                if (old is not null && old.Modified != cas) return ApplyResult.Of(false);
                Remove(index, key);
                return ApplyResult.Of(true);
            case KvOps.DeleteTree: RemoveTree(index, key); return ApplyResult.None;
            case KvOps.Lock:
                if (!Sessions.ContainsKey(session)) return ApplyResult.Error($"invalid session \"{session}\"");
                if (old is { Session.Length: > 0 } && old.Session != session) return ApplyResult.Of(false);
                Store(index, key, value, session, old is null ? 1 : old.Session == session ? old.Lock : old.Lock + 1);
                return ApplyResult.Of(true);
            default:
                if (old is null || old.Session != session) return ApplyResult.Of(false);
                Store(index, key, value, "", old.Lock);
                return ApplyResult.Of(true);
        }
    }

    public ApplyResult Create(ulong index, string id, string node, string behavior, string? check)
    {
        if (!Nodes.ContainsKey(node)) return ApplyResult.Error("Missing node registration");
        if (check is not null)
        {
            if (!Checks.TryGetValue((node, check), out var probe)) return ApplyResult.Error($"Missing check '{check}' registration");
            if (probe.Status == "critical") return ApplyResult.Error($"Check '{check}' is in critical state");
        }
        Sessions[id] = new Lease(id, node, behavior, check);
        Indexes["sessions"] = index;
        return ApplyResult.Of(id);
    }

    public void End(ulong index, string id)
    {
        if (!Sessions.Remove(id, out var session)) return;
        Indexes["sessions"] = index;
        Ended.Add(id);
        foreach (var key in Keys.Values.Where(key => key.Session == id).ToList())
        {
            if (session.Behavior == "delete") Remove(index, key.Name);
            else Store(index, key.Name, key.Value, "", key.Lock);
        }
    }

    /// <summary>Registers a node, perhaps with a service, perhaps with a check on that service or the node.</summary>
    public ApplyResult Register(ulong index, string node, string address, (string Id, string Name, int Port)? service, (string Id, string Status, string Service)? check)
    {
        if (check is { Service.Length: > 0 } bound && service?.Id != bound.Service && !Services.ContainsKey((node, bound.Service)))
            return ApplyResult.Error($"failed inserting check: Missing service registration on node \"{node}\"");
        if (!Nodes.TryGetValue(node, out var box) || box.Address != address)
        {
            Nodes[node] = new Box(node, address, box?.Created ?? index, index);
            Indexes["nodes"] = index;
            MoveServicesOf(index, node);
        }
        if (service is { } wanted) EnsureService(index, node, wanted);
        if (check is { } probe) EnsureCheck(index, node, probe);
        return ApplyResult.None;
    }

    public void RemoveService(ulong index, string node, string id)
    {
        if (!Services.TryGetValue((node, id), out var service)) return;
        foreach (var check in Checks.Values.Where(check => check.Node == node && check.Service == id).ToList()) RemoveCheck(index, node, check.Id);
        Services.Remove((node, id));
        Indexes["checks"] = Indexes["services"] = index;
        if (Services.Values.Any(other => other.Name == service.Name))
        {
            Indexes["service." + service.Name] = index;
            return;
        }
        Indexes.Remove("service." + service.Name);
        Indexes["service_last_extinction"] = index;
    }

    public void RemoveCheck(ulong index, string node, string id)
    {
        if (!Checks.Remove((node, id), out var check)) return;
        Indexes["checks"] = index;
        Moved(index, check);
        foreach (var session in Sessions.Values.Where(session => session.Node == node && session.Check == id).ToList()) End(index, session.Id);
    }

    public void RemoveNode(ulong index, string node)
    {
        if (!Nodes.ContainsKey(node)) return;
        foreach (var service in Services.Values.Where(service => service.Node == node).ToList()) RemoveService(index, node, service.Id);
        foreach (var check in Checks.Values.Where(check => check.Node == node).ToList()) RemoveCheck(index, node, check.Id);
        Nodes.Remove(node);
        Indexes["nodes"] = index;
        foreach (var session in Sessions.Values.Where(session => session.Node == node).ToList()) End(index, session.Id);
    }

    private void EnsureService(ulong index, string node, (string Id, string Name, int Port) wanted)
    {
        Services.TryGetValue((node, wanted.Id), out var old);
        if (old is not null && old.Name == wanted.Name && old.Port == wanted.Port) return;
        Services[(node, wanted.Id)] = new Instance(node, wanted.Id, wanted.Name, wanted.Port, old?.Created ?? index, index);
        Indexes["services"] = Indexes["service." + wanted.Name] = index;
    }

    private void EnsureCheck(ulong index, string node, (string Id, string Status, string Service) wanted)
    {
        Checks.TryGetValue((node, wanted.Id), out var old);
        var name = wanted.Service.Length == 0 ? "" : Services[(node, wanted.Service)].Name;
        if (old is null || (old.Status, old.Service, old.ServiceName) != (wanted.Status, wanted.Service, name))
        {
            var check = new Probe(node, wanted.Id, wanted.Status, wanted.Service, name, old?.Created ?? index, index);
            Checks[(node, wanted.Id)] = check;
            Indexes["checks"] = index;
            if (old is not null && old.Service != check.Service) Moved(index, old);
            Moved(index, check);
        }
        if (wanted.Status != "critical") return;
        foreach (var session in Sessions.Values.Where(session => session.Node == node && session.Check == wanted.Id).ToList()) End(index, session.Id);
    }

    private void Moved(ulong index, Probe check)
    {
        if (check.Service.Length == 0) MoveServicesOf(index, check.Node);
        else if (Services.TryGetValue((check.Node, check.Service), out var service)) Indexes["service." + service.Name] = index;
    }

    private void MoveServicesOf(ulong index, string node)
    {
        foreach (var service in Services.Values.Where(service => service.Node == node)) Indexes["service." + service.Name] = index;
    }

    private void Store(ulong index, string key, string value, string session, ulong lockIndex)
    {
        Keys.TryGetValue(key, out var old);
        if (old is not null && (old.Value, old.Session, old.Lock) == (value, session, lockIndex)) return;
        Keys[key] = new Key(key, value, session, lockIndex, old?.Created ?? index, index);
        Indexes["kvs"] = index;
    }

    private void Remove(ulong index, string key)
    {
        if (!Keys.Remove(key)) return;
        Tombstones[key] = index;
        Indexes["kvs"] = Indexes["tombstones"] = index;
    }

    private void RemoveTree(ulong index, string prefix)
    {
        var below = Keys.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        if (below.Count == 0) return;
        foreach (var key in below) Keys.Remove(key);
        Indexes["kvs"] = index;
        if (prefix.Length == 0) return;
        Tombstones[prefix] = index;
        Indexes["tombstones"] = index;
    }
}
