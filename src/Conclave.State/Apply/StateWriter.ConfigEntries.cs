using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Configuration entries, intentions, prepared queries, federation states and system metadata.</summary>
internal sealed partial class StateWriter
{
    private static readonly IndexName ConfigEntries = new("config-entries"), Queries = new("prepared-queries"), Federation = new("federation-states");
    private static readonly IndexName SystemMetadata = new("system-metadata"), LegacyIntentions = new("connect-intentions");

    private const string IntentionsKind = "service-intentions", IntentionFormat = "intention-format", Wildcard = "*";

    /// <summary>Kind and name of a configuration entry as one key; kinds hold no slash.</summary>
    public static string ConfigEntryKey(string kind, MsgPackMap entry) => kind + "/" + (kind == "mesh" ? "mesh" : GenericTree.Text(entry, "Name"));

    public ApplyResult ConfigEntry(ulong index, string kind, string op, MsgPackMap entry)
    {
        var key = ConfigEntryKey(kind, entry);
        switch (op)
        {
            case "upsert":
                SetRecord(index, CommandType.ConfigEntry, key, entry, ConfigEntries);
                return ApplyResult.Of(true);
            case "upsert-cas":
                if (!RecordMatches(CommandType.ConfigEntry, key, GenericTree.Number(entry, "ModifyIndex"))) return ApplyResult.Of(false);
                SetRecord(index, CommandType.ConfigEntry, key, entry, ConfigEntries);
                return ApplyResult.Of(true);
            case "delete":
                RemoveRecord(index, CommandType.ConfigEntry, key, ConfigEntries);
                return ApplyResult.None;
            default: return ApplyResult.Error($"invalid config entry operation type: {op}");
        }
    }

    public ApplyResult PreparedQuery(ulong index, MsgPackMap body)
    {
        var op = GenericTree.Text(body, "Op");
        if (GenericTree.Map(body, "Query") is not { } query) return ApplyResult.Error("Missing prepared query");
        var id = GenericTree.Text(query, "ID");
        switch (op)
        {
            case "create" or "update": return SetQuery(index, id, query) is { } refused ? ApplyResult.Error(refused) : ApplyResult.None;
            case "delete":
                RemoveRecord(index, CommandType.PreparedQuery, id, Queries);
                return ApplyResult.None;
            default: return ApplyResult.Error($"Invalid PreparedQuery operation '{op}'");
        }
    }

    public ApplyResult FederationState(ulong index, MsgPackMap body)
    {
        var op = GenericTree.Text(body, "Op");
        if (GenericTree.Map(body, "State") is not { } state) return ApplyResult.Error("missing federation state");
        var datacenter = GenericTree.Text(state, "Datacenter");
        switch (op)
        {
            case "upsert":
                // Replicated ones bring the primary's index; a write in the primary itself is its own.
                if (GenericTree.Number(state, "PrimaryModifyIndex") == 0) state = GenericTree.With(state, ("PrimaryModifyIndex", index));
                SetRecord(index, CommandType.FederationState, datacenter, state, Federation);
                return ApplyResult.Of(true);
            case "delete":
                RemoveRecord(index, CommandType.FederationState, datacenter, Federation);
                return ApplyResult.None;
            default: return ApplyResult.Error($"invalid federation state operation type: {op}");
        }
    }

    public ApplyResult Metadata(ulong index, MsgPackMap body)
    {
        var op = GenericTree.Text(body, "Op");
        if (GenericTree.Map(body, "Entry") is not { } entry) return ApplyResult.Error("missing system metadata entry");
        var key = GenericTree.Text(entry, "Key");
        switch (op)
        {
            case "upsert":
                SetRecord(index, CommandType.SystemMetadata, key, entry, SystemMetadata);
                return ApplyResult.Of(true);
            case "delete":
                RemoveRecord(index, CommandType.SystemMetadata, key, SystemMetadata);
                return ApplyResult.None;
            default: return ApplyResult.Error($"invalid system metadata operation type: {op}");
        }
    }

    public string? ApplyIntention(ulong index, MsgPackMap body)
    {
        var op = GenericTree.Text(body, "Op");
        if (op == "delete-all")
        {
            MigrateIntentions(index);
            return null;
        }
        if (GenericTree.Map(body, "Mutation") is not { } mutation) return "intentions in the legacy form are not accepted after their migration";
        var id = GenericTree.Text(mutation, "ID");
        var (destination, source) = (NameOf(mutation, "Destination"), NameOf(mutation, "Source"));
        var value = GenericTree.Map(mutation, "Value");
        switch (op)
        {
            case "create" or "upsert" when value is not null: return SetIntention(index, destination, value, op == "create");
            case "update" when value is not null: return UpdateIntention(index, id, value);
            case "delete":
                if (id.Length > 0 && FindLegacy(id) is { } found) (destination, source) = found;
                RemoveIntention(index, destination, source);
                return null;
            default: return $"Invalid Intention operation '{op}'";
        }
    }

    private void DropQueriesOf(ulong index, string session)
    {
        if (!_records.HasAny([(byte)CommandType.PreparedQuery])) return;
        foreach (var query in RecordsOf(CommandType.PreparedQuery))
            if (GenericTree.Text(query.Fields, "Session").Equals(session, StringComparison.OrdinalIgnoreCase))
                RemoveRecord(index, CommandType.PreparedQuery, GenericTree.Text(query.Fields, "ID"), Queries);
    }

    private string? SetQuery(ulong index, string id, MsgPackMap query)
    {
        if (id.Length == 0) return "Missing prepared query ID";
        var name = GenericTree.Text(query, "Name");
        foreach (var other in name.Length == 0 ? [] : RecordsOf(CommandType.PreparedQuery))
        {
            var otherId = GenericTree.Text(other.Fields, "ID");
            if (otherId == id) continue;
            if (GenericTree.Text(other.Fields, "Name").Equals(name, StringComparison.OrdinalIgnoreCase)) return $"name '{name}' aliases an existing query name";
            if (otherId.Equals(name, StringComparison.OrdinalIgnoreCase)) return $"name '{name}' aliases an existing query ID";
        }
        if (GenericTree.Text(query, "Session") is { Length: > 0 } session)
        {
            Span<byte> key = stackalloc byte[Uuids.SessionKeyMax];
            if (!Uuids.TrySessionKey(session, key, out var length, out var problem)) return "failed session lookup: " + problem;
            if (_sessions.Get(key[..length]) is null) return "invalid session " + GoQuote.Quote(session);
        }
        SetRecord(index, CommandType.PreparedQuery, id, query, Queries);
        return null;
    }

    /// <summary>Marks that intentions live in configuration entries from now on.</summary>
    private void MigrateIntentions(ulong index)
    {
        foreach (var legacy in RecordsOf(CommandType.Intention))
        {
            _records.Remove(legacy.Key);
            _digest -= RowHash.Of(legacy);
        }
        SetIndex(LegacyIntentions, index);
        SetRecord(index, CommandType.SystemMetadata, IntentionFormat,
            new MsgPackMap { Fields = [new("Key", TextValue(IntentionFormat)), new("Value", TextValue("config-entry"))] }, SystemMetadata);
    }

    private string? SetIntention(ulong index, string destination, MsgPackMap value, bool isCreate)
    {
        var source = GenericTree.Text(value, "Name");
        var sources = SourcesOf(destination);
        var at = sources.FindIndex(each => GenericTree.Text(each, "Name") == source);
        if (at >= 0 && isCreate) return "more than one source intention entry for this destination and source";
        var stored = Normal(value, source, destination);
        if (at >= 0) sources[at] = stored;
        else sources.Add(stored);
        PutIntentions(index, destination, sources);
        return null;
    }

    private string? UpdateIntention(ulong index, string id, MsgPackMap value)
    {
        if (FindLegacy(id) is not { } found) return "Cannot modify non-existent intention: '" + id + "'";
        var sources = SourcesOf(found.Destination);
        var at = sources.FindIndex(each => GenericTree.Text(each, "Name") == found.Source);
        sources[at] = Normal(value, GenericTree.Text(value, "Name"), found.Destination);
        PutIntentions(index, found.Destination, sources);
        return null;
    }

    private void RemoveIntention(ulong index, string destination, string source)
    {
        var sources = SourcesOf(destination);
        if (sources.RemoveAll(each => GenericTree.Text(each, "Name") == source) == 0) return;
        if (sources.Count > 0) PutIntentions(index, destination, sources);
        else RemoveRecord(index, CommandType.ConfigEntry, IntentionsKind + "/" + destination, ConfigEntries);
    }

    private void PutIntentions(ulong index, string destination, List<MsgPackMap> sources)
    {
        // The most specific source first, in the order of arrival among equals.
        var ordered = sources.OrderByDescending(each => GenericTree.Number(each, "Precedence")).Select(each => (object?)each).ToList();
        var key = IntentionsKind + "/" + destination;
        var entry = RecordGet(CommandType.ConfigEntry, key)?.Fields
            ?? new MsgPackMap { Fields = [new("Kind", TextValue(IntentionsKind)), new("Meta", null), new("Name", TextValue(destination))] };
        SetRecord(index, CommandType.ConfigEntry, key, GenericTree.With(entry, ("Sources", ordered)), ConfigEntries);
    }

    private List<MsgPackMap> SourcesOf(string destination)
    {
        var sources = new List<MsgPackMap>();
        if (RecordGet(CommandType.ConfigEntry, IntentionsKind + "/" + destination) is { } entry)
            foreach (var item in GenericTree.List(entry.Fields, "Sources"))
                if (item is MsgPackMap source) sources.Add(source);
        return sources;
    }

    private (string Destination, string Source)? FindLegacy(string id)
    {
        foreach (var entry in RecordsOf(CommandType.ConfigEntry))
        {
            foreach (var item in GenericTree.List(entry.Fields, "Sources"))
                if (item is MsgPackMap source && GenericTree.Text(source, "LegacyID") == id) return (GenericTree.Text(entry.Fields, "Name"), GenericTree.Text(source, "Name"));
        }
        return null;
    }

    /// <summary>Fills in what follows from the names: type and precedence. A legacy one has metadata, if empty.</summary>
    private static MsgPackMap Normal(MsgPackMap value, string source, string destination)
    {
        var (anySource, anyDestination) = (source == Wildcard, destination == Wildcard);
        ulong precedence = (anySource, anyDestination) switch { (false, false) => 9, (true, false) => 8, (false, true) => 6, _ => 5 };
        var type = GenericTree.Text(value, "Type");
        var normal = GenericTree.With(value, ("Precedence", precedence), ("Type", TextValue(type.Length == 0 ? "consul" : type)));
        return GenericTree.Text(value, "LegacyID").Length > 0 && GenericTree.Map(value, "LegacyMeta") is null
            ? GenericTree.With(normal, ("LegacyMeta", new MsgPackMap { Fields = [] }))
            : normal;
    }

    private static string NameOf(MsgPackMap mutation, string field) => GenericTree.Map(mutation, field) is { } name ? GenericTree.Text(name, "Name") : "";
}
