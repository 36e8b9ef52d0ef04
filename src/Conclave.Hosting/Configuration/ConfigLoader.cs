using Conclave.Agent.Configuration;

namespace Conclave.Hosting.Configuration;

/// <summary>Makes an <see cref="AgentConfig"/> of flags and texts: later ones win, lists append, flags win over files.</summary>
public sealed class ConfigLoader
{
    /// <summary>Errors reported of one text; more would only be noise.</summary>
    private const int ErrorsMax = 100;

    private readonly List<ConfigSource> _sources = [];
    private readonly List<KeyValuePair<string, object>> _flags = [];

    /// <summary>Whether to begin with the settings of dev mode.</summary>
    public bool DevMode { get; set; }

    /// <summary>Adds a text; texts count in the order added.</summary>
    public void Add(ConfigSource source) => _sources.Add(source);

    /// <summary>Sets a key as a flag does: it wins over every text, except that list items come before those of the texts.</summary>
    /// <param name="keyPath">Path of a known key.</param>
    /// <param name="value">bool, long, string; a single item for lists; a key-value pair of texts for maps.</param>
    public void Set(string keyPath, object value) => _flags.Add(new(keyPath, value));

    /// <summary>Builds and checks the configuration.</summary>
    /// <exception cref="ConfigException">It cannot be used; the message is for the operator.</exception>
    public AgentConfig Load()
    {
        var config = Build();
        var problems = config.Validate();
        return problems.Count switch
        {
            0 => config,
            1 => throw new ConfigException(problems[0]),
            _ => throw new ConfigException(GoText.Errors(problems)),
        };
    }

    /// <summary>Builds the configuration without <see cref="AgentConfig.Validate"/>.</summary>
    internal AgentConfig Build()
    {
        var draft = new ConfigDraft(DevMode ? AgentConfig.Dev : new AgentConfig());
        ApplyFlags(draft, lists: true);
        foreach (var source in _sources) Apply(draft, source);
        ApplyFlags(draft, lists: false);
        if (draft.Problems.Count == 1) throw new ConfigException(draft.Problems[0]);
        if (draft.Problems.Count > 1) throw new ConfigException(GoText.Errors(draft.Problems));
        return ConfigFinish.Of(draft);
    }

    private void ApplyFlags(ConfigDraft draft, bool lists)
    {
        foreach (var (path, value) in _flags)
        {
            var key = ConfigKeys.Find(path) ?? throw new ArgumentException($"Unknown key {path}.");
            if (key.Kind == ConfigKeyKind.TextList != lists) continue;
            try
            {
                draft.Set(key, new ConfigValue(path, AsTree(key.Kind, value)));
            }
            catch (ConfigValueException error)
            {
                draft.Problems.Add(error.Message);
            }
        }
    }

    private static object AsTree(ConfigKeyKind kind, object value)
    {
        if (kind == ConfigKeyKind.TextList) return new List<object?> { value };
        if (value is not KeyValuePair<string, string> pair) return value;
        var map = new ConfigObject();
        map.Set(pair.Key, pair.Value);
        return map;
    }

    private static void Apply(ConfigDraft draft, ConfigSource source)
    {
        ConfigObject tree;
        try
        {
            var text = source.Text.TrimStart('\uFEFF');
            tree = text.AsSpan().Trim().Length == 0 ? new ConfigObject()
                : source.Format == ConfigFormat.Json ? JsonConfigParser.ParseObject(text)
                : HclConfigParser.Parse(text);
        }
        catch (ConfigSyntaxException error)
        {
            throw new ConfigException($"failed to parse {source.Name}: {error.Message}");
        }
        var (unknown, wrong) = (new List<string>(), new List<string>());
        Walk(draft, tree, "", unknown, wrong);
        if (wrong.Count > 0) throw new ConfigException($"failed to parse {source.Name}: {wrong.Count} error(s) decoding:\n\n* {string.Join("\n* ", wrong)}");
        if (unknown.Count > 0) throw new ConfigException($"failed to parse {source.Name}: {GoText.Errors(unknown)}");
    }

    /// <summary>Depth is bounded by the table: only known groups are entered.</summary>
    private static void Walk(ConfigDraft draft, ConfigObject tree, string prefix, List<string> unknown, List<string> wrong)
    {
        foreach (var (name, value) in tree.Fields)
        {
            if (value is null || unknown.Count + wrong.Count >= ErrorsMax) continue;
            var path = prefix + name.ToLowerInvariant();
            try
            {
                if (ConfigKeys.Find(path) is { } key) draft.Set(key, new ConfigValue(path, value));
                else if (ConfigKeys.IsGroup(path)) Walk(draft, new ConfigValue(path, value).Object(), path + ".", unknown, wrong);
                else unknown.Add("invalid config key " + prefix + name);
            }
            catch (ConfigValueException error)
            {
                wrong.Add(error.Message);
            }
            catch (UnknownKeyException error)
            {
                unknown.Add(error.Message);
            }
        }
    }
}
