using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>What one row adds to the digest of the state: all stored fields, none of the derived ones.</summary>
internal static class RowHash
{
    public static ulong Of(KvEntry entry)
    {
        var hash = new StateHash(10);
        hash.Add(entry.Key);
        hash.Add(entry.Value.Span);
        hash.Add(entry.HasValue);
        hash.Add(entry.Flags);
        hash.Add(entry.Session);
        hash.Add(entry.LockIndex);
        hash.Add(entry.CreateIndex);
        hash.Add(entry.ModifyIndex);
        return hash.Value;
    }

    public static ulong Of(Tombstone tombstone)
    {
        var hash = new StateHash(11);
        hash.Add(tombstone.Key);
        hash.Add(tombstone.Index);
        return hash.Value;
    }

    public static ulong Of(TableIndex index)
    {
        var hash = new StateHash(12);
        hash.Add(index.Name.ToLowerInvariant());
        hash.Add(index.Value);
        return hash.Value;
    }

    public static ulong Of(NodeEntry node)
    {
        var hash = new StateHash(13);
        hash.Add(node.Id);
        hash.Add(node.Name);
        hash.Add(node.Address);
        hash.Add(node.Datacenter);
        hash.Add(node.TaggedAddresses);
        hash.Add(node.Meta);
        hash.Add(node.CreateIndex);
        hash.Add(node.ModifyIndex);
        return hash.Value;
    }

    public static ulong Of(string node, NodeService service)
    {
        var hash = new StateHash(14);
        hash.Add(node.ToLowerInvariant());
        hash.Add(service.Kind);
        hash.Add(service.Id);
        hash.Add(service.Service);
        hash.Add(service.Tags);
        hash.Add(service.Address);
        hash.Add(service.Meta);
        hash.Add((long)service.Port);
        hash.Add(service.SocketPath);
        hash.Add((long)(service.Weights?.Passing ?? -1));
        hash.Add((long)(service.Weights?.Warning ?? -1));
        hash.Add(service.EnableTagOverride);
        Add(ref hash, service.TaggedAddresses);
        GenericTree.Hash(ref hash, service.Proxy);
        GenericTree.Hash(ref hash, service.Connect);
        hash.Add(service.CreateIndex);
        hash.Add(service.ModifyIndex);
        return hash.Value;
    }

    public static ulong Of(HealthCheck check)
    {
        var hash = new StateHash(15);
        hash.Add(check.Node);
        hash.Add(check.CheckId);
        hash.Add(check.Name);
        hash.Add(check.Status);
        hash.Add(check.Notes);
        hash.Add(check.Output);
        hash.Add(check.ServiceId);
        hash.Add(check.ServiceName);
        hash.Add(check.ServiceTags);
        hash.Add(check.Type);
        hash.Add(check.Interval);
        hash.Add(check.Timeout);
        hash.Add((long)check.ExposedPort);
        Add(ref hash, check.Definition);
        hash.Add(check.CreateIndex);
        hash.Add(check.ModifyIndex);
        return hash.Value;
    }

    public static ulong Of(Session session)
    {
        var hash = new StateHash(16);
        hash.Add(session.Id);
        hash.Add(session.Name);
        hash.Add(session.Node);
        hash.Add(session.NodeChecks);
        hash.Add((ulong)(session.ServiceChecks?.Count ?? 0));
        foreach (var check in session.ServiceChecks ?? [])
        {
            hash.Add(check.Id);
            hash.Add(check.Namespace);
        }
        hash.Add(session.Checks);
        hash.Add(session.LockDelayNanoseconds);
        hash.Add(session.Behavior);
        hash.Add(session.Ttl);
        hash.Add(session.CreateIndex);
        hash.Add(session.ModifyIndex);
        return hash.Value;
    }

    public static ulong Of(CoordinateEntry entry)
    {
        var hash = new StateHash(17);
        hash.Add(entry.Node);
        hash.Add(entry.Segment);
        foreach (var part in entry.Coord.Vec) hash.Add(part);
        hash.Add(entry.Coord.Error);
        hash.Add(entry.Coord.Adjustment);
        hash.Add(entry.Coord.Height);
        return hash.Value;
    }

    public static ulong Of(AutopilotConfig config)
    {
        var hash = new StateHash(18);
        hash.Add(config.CleanupDeadServers);
        hash.Add(config.LastContactThresholdNanoseconds);
        hash.Add(config.MaxTrailingLogs);
        hash.Add((ulong)config.MinQuorum);
        hash.Add(config.ServerStabilizationTimeNanoseconds);
        hash.Add(config.RedundancyZoneTag);
        hash.Add(config.DisableUpgradeMigration);
        hash.Add(config.UpgradeVersionTag);
        hash.Add(config.CreateIndex);
        hash.Add(config.ModifyIndex);
        return hash.Value;
    }

    public static ulong Of(ChunkPiece piece)
    {
        var hash = new StateHash(20);
        hash.Add(piece.Key);
        hash.Add((ulong)piece.Count);
        hash.Add(piece.Term);
        hash.Add(piece.Data.Span);
        return hash.Value;
    }

    public static ulong Of(KeptRecord record)
    {
        var hash = new StateHash(19);
        hash.Add(record.Key);
        GenericTree.Hash(ref hash, record.Fields);
        return hash.Value;
    }

    private static void Add(ref StateHash hash, IReadOnlyDictionary<string, ServiceAddress>? map)
    {
        hash.Add(map is null ? ulong.MaxValue : (ulong)map.Count);
        ulong sum = 0;
        if (map is not null)
            foreach (var (key, value) in map)
            {
                var pair = new StateHash(3);
                pair.Add(key);
                pair.Add(value.Address);
                pair.Add((long)value.Port);
                sum += pair.Value;
            }
        hash.Add(sum);
    }

    private static void Add(ref StateHash hash, HealthCheckDefinition definition)
    {
        hash.Add(definition.Http);
        hash.Add(definition.TlsServerName);
        hash.Add(definition.TlsSkipVerify);
        hash.Add(definition.Method);
        hash.Add(definition.Body);
        hash.Add(definition.Tcp);
        hash.Add(definition.AliasNode);
        hash.Add(definition.AliasService);
        hash.Add(definition.DockerContainerId);
        hash.Add(definition.Shell);
        hash.Add(definition.Grpc);
        hash.Add(definition.H2Ping);
        hash.Add(definition.ScriptArgs);
        hash.Add(definition.TtlNanoseconds);
        hash.Add(definition.IntervalNanoseconds);
        hash.Add(definition.TimeoutNanoseconds);
        hash.Add(definition.DeregisterCriticalServiceAfterNanoseconds);
        hash.Add((ulong)(definition.Header?.Count ?? 0));
    }
}
