using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Certificates of the mesh: roots, settings, the provider's own state and its serial number.</summary>
internal sealed partial class StateWriter
{
    private static readonly IndexName CaRoots = new("connect-ca-roots"), CaBuiltin = new("connect-ca-builtin"), CaSerial = new("connect-ca-builtin-serial");

    /// <summary>Settings are one record; it has no key of its own and moves no table index.</summary>
    private const string CaConfigKey = "";

    public ApplyResult ConnectCa(ulong index, MsgPackMap body)
    {
        var op = GenericTree.Text(body, "Op");
        switch (op)
        {
            case "set-config": return SetCaConfig(index, body);
            case "set-roots": return SetCaRoots(index, body, out var replaced) is { } refused ? ApplyResult.Error(refused) : ApplyResult.Of(replaced);
            case "set-roots-config": return SetCaRootsAndConfig(index, body);
            case "set-provider-state":
                if (GenericTree.Map(body, "ProviderState") is not { } state) return ApplyResult.Error("missing provider state");
                SetRecord(index, CommandType.ConnectCAProviderState, GenericTree.Text(state, "ID"), state, CaBuiltin);
                return ApplyResult.Of(true);
            case "delete-provider-state":
                if (GenericTree.Map(body, "ProviderState") is { } gone) RemoveRecord(index, CommandType.ConnectCAProviderState, GenericTree.Text(gone, "ID"), CaBuiltin);
                return ApplyResult.Of(true);
            case "increment-provider-serial": return ApplyResult.Of(NextSerial().ToString(System.Globalization.CultureInfo.InvariantCulture));
            default: return ApplyResult.Error($"Invalid CA operation '{op}'");
        }
    }

    private ApplyResult SetCaConfig(ulong index, MsgPackMap body)
    {
        if (GenericTree.Map(body, "Config") is not { } config) return ApplyResult.Error("missing CA config");
        var compare = GenericTree.Number(config, "ModifyIndex");
        if (compare > 0 && !RecordMatches(CommandType.ConnectCAConfig, CaConfigKey, compare)) return ApplyResult.Of(false);
        PutCaConfig(index, config);
        return compare > 0 ? ApplyResult.Of(true) : ApplyResult.None;
    }

    private ApplyResult SetCaRootsAndConfig(ulong index, MsgPackMap body)
    {
        if (GenericTree.Map(body, "Config") is not { } config) return ApplyResult.Error("missing CA config");
        if (!RecordMatches(CommandType.ConnectCAConfig, CaConfigKey, GenericTree.Number(config, "ModifyIndex"))) return ApplyResult.Of(false);
        if (SetCaRoots(index, body, out var replaced) is { } refused) return ApplyResult.Error(refused);
        if (replaced) PutCaConfig(index, config);
        return ApplyResult.Of(replaced);
    }

    private void PutCaConfig(ulong index, MsgPackMap config)
    {
        var existing = RecordGet(CommandType.ConnectCAConfig, CaConfigKey);
        if (existing is not null && GenericTree.Text(config, "ClusterID").Length == 0)
            config = GenericTree.With(config, ("ClusterID", TextValue(GenericTree.Text(existing.Fields, "ClusterID"))));
        PutRecord(new KeptRecord(CommandType.ConnectCAConfig, RecordKey(CommandType.ConnectCAConfig, CaConfigKey),
            GenericTree.With(config, ("CreateIndex", existing?.CreateIndex ?? index), ("ModifyIndex", index))));
    }

    /// <summary>Replaces all roots when the table is at the index given.</summary>
    private string? SetCaRoots(ulong index, MsgPackMap body, out bool replaced)
    {
        replaced = false;
        var roots = GenericTree.List(body, "Roots");
        var active = 0;
        foreach (var item in roots)
            if (item is MsgPackMap root && GenericTree.Flag(root, "Active")) active++;
        if (active != 1) return "there must be exactly one active CA";
        if (IndexOf(CaRoots) != GenericTree.Number(body, "Index")) return null;
        var created = new SortedDictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var earlier in RecordsOf(CommandType.ConnectCA))
        {
            created[GenericTree.Text(earlier.Fields, "ID")] = earlier.CreateIndex;
            _records.Remove(earlier.Key);
            _digest -= RowHash.Of(earlier);
        }
        foreach (var item in roots)
        {
            if (item is not MsgPackMap root) continue;
            var id = GenericTree.Text(root, "ID");
            PutRecord(new KeptRecord(CommandType.ConnectCA, RecordKey(CommandType.ConnectCA, id),
                GenericTree.With(root, ("CreateIndex", created.GetValueOrDefault(id, index)), ("ModifyIndex", index))));
        }
        SetIndex(CaRoots, index);
        replaced = true;
        return null;
    }

    /// <summary>Serial numbers once were Raft indexes; the counter goes on from there.</summary>
    private ulong NextSerial()
    {
        var last = IndexOf(CaSerial);
        if (last == 0) last = IndexOf(CaBuiltin);
        SetIndex(CaSerial, last + 1);
        return last + 1;
    }
}
