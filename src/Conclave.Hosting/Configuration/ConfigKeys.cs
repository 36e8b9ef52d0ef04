using Conclave.Agent.Configuration;
using static Conclave.Hosting.Configuration.ConfigKeyKind;
using static Conclave.Hosting.Configuration.ConfigKeyStatus;

namespace Conclave.Hosting.Configuration;

/// <summary>
/// Every configuration key that is known: the keys of Consul 1.10 and the later ones that newer tools write. Readers, the flags of <c>agent</c> and the
/// compatibility document all work from this table.
/// </summary>
public static partial class ConfigKeys
{
    private static readonly Dictionary<string, ConfigKey> ByPath = new(StringComparer.Ordinal);
    private static readonly HashSet<string> Groups = new(StringComparer.Ordinal);

    static ConfigKeys()
    {
        var keys = new List<ConfigKey>(320);
        AddIdentity(keys);
        AddNetwork(keys);
        AddServer(keys);
        AddFrontEnds(keys);
        AddSecurity(keys);
        AddOperation(keys);
        AddDefinitions(keys);
        AddAccepted(keys);
        keys.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        foreach (var key in keys)
        {
            ByPath.Add(key.Path, key);
            for (var dot = key.Path.IndexOf('.'); dot > 0; dot = key.Path.IndexOf('.', dot + 1)) Groups.Add(key.Path[..dot]);
        }
        All = keys;
        AgentFlags.LinkTo(ByPath);
    }

    /// <summary>All keys, ordered by path.</summary>
    public static IReadOnlyList<ConfigKey> All { get; }

    /// <summary>The key with this path in lower case, or null.</summary>
    internal static ConfigKey? Find(string path) => ByPath.GetValueOrDefault(path);

    /// <summary>Whether keys lie below this path.</summary>
    internal static bool IsGroup(string path) => Groups.Contains(path);

    private delegate AgentConfig Change<in T>(AgentConfig config, T value);

    private static ConfigKey Key(string path, ConfigKeyKind kind, Action<ConfigDraft, ConfigValue> apply, ConfigKeyStatus status = Works, string note = "") =>
        new(path, kind, status, apply, note);

    private static ConfigKey Switch(string path, Change<bool> change, ConfigKeyStatus status = Works, string note = "") =>
        Key(path, Bool, (draft, value) => draft.Config = change(draft.Config, value.Bool()), status, note);

    private static ConfigKey Whole(string path, Change<int> change, ConfigKeyStatus status = Works, string note = "") =>
        Key(path, Int, (draft, value) => draft.Config = change(draft.Config, value.Int()), status, note);

    private static ConfigKey Word(string path, Change<string> change, ConfigKeyStatus status = Works, string note = "") =>
        Key(path, Text, (draft, value) => draft.Config = change(draft.Config, value.Text()), status, note);

    private static ConfigKey Span(string path, Change<TimeSpan> change, ConfigKeyStatus status = Works, string note = "") =>
        Key(path, Duration, (draft, value) => draft.Config = change(draft.Config, value.Duration()), status, note);

    private static ConfigKey Words(string path, Change<IReadOnlyList<string>> change, ConfigKeyStatus status = Works, string note = "") =>
        Key(path, TextList, (draft, value) => draft.Config = change(draft.Config, value.Strings()), status, note);

    /// <summary>A listening address: Go-style template or literal.</summary>
    private static ConfigKey Address(string path, Change<string> change, ConfigKeyStatus status = Works) =>
        Key(path, Text, (draft, value) => draft.Config = change(draft.Config, AddressTemplate.Single(path, value.Text())), status);

    private static ConfigKey AddressList(string path, Change<IReadOnlyList<string>> change) =>
        Key(path, Text, (draft, value) => draft.Config = change(draft.Config, AddressTemplate.Several(path, value.Text())));

    /// <summary>A key that is read for its type only, with a warning.</summary>
    private static ConfigKey Unused(string path, ConfigKeyKind kind, string note = "") =>
        Key(path, kind, (draft, value) =>
        {
            if (IsSet(CheckType(value, kind))) draft.Warn($"The '{path}' option is known but has no effect in this version");
        }, Ignored, note);

    /// <summary>A key that is read for its type only and means nothing here.</summary>
    private static ConfigKey Neutral(string path, ConfigKeyKind kind, string note = "") =>
        Key(path, kind, (_, value) => CheckType(value, kind), Stored, note);

    private static ConfigValue CheckType(ConfigValue value, ConfigKeyKind kind)
    {
        object? _ = kind switch
        {
            Bool => value.Bool(),
            Int => value.Long(),
            ConfigKeyKind.Number => value.Number(),
            Text => value.Text(),
            Duration => value.Duration(),
            TextList => value.Strings(),
            TextMap => value.TextMap(),
            ConfigKeyKind.Object => value.Object(),
            _ => value.Objects(),
        };
        return value;
    }

    private static bool IsSet(ConfigValue value) =>
        value.Raw is not (null or false or "" or 0L or ConfigObject { Fields.Count: 0 } or List<object?> { Count: 0 });

    private static IReadOnlyList<T> Append<T>(IReadOnlyList<T> first, IReadOnlyList<T> second) => second.Count == 0 ? first : [.. first, .. second];

    private static IReadOnlyDictionary<string, TValue> Merge<TValue>(IReadOnlyDictionary<string, TValue> first, IReadOnlyDictionary<string, TValue> second)
    {
        var merged = new SortedDictionary<string, TValue>(StringComparer.Ordinal);
        foreach (var (key, value) in first) merged[key] = value;
        foreach (var (key, value) in second) merged[key] = value;
        return merged;
    }
}
