using Conclave.Agent.Configuration;

namespace Conclave.Hosting.Configuration;

/// <summary>A configuration in the making: the settings so far, and what can only be decided when all sources are read.</summary>
internal sealed class ConfigDraft(AgentConfig start)
{
    public AgentConfig Config { get; set; } = start;

    public bool VerifyIncoming { get; set; }

    /// <summary>Set by the old and the new way to switch access control on.</summary>
    public bool AclByDatacenter { get; set; }

    public List<string> Warnings { get; } = [];

    public List<string> Problems { get; } = [];

    /// <summary>Fingerprints of the values so far, by path.</summary>
    public SortedDictionary<string, ulong> Given { get; } = new(StringComparer.Ordinal);

    /// <summary>Gives a key a value: what it means, and that it was given.</summary>
    /// <exception cref="ConfigValueException">The value is of the wrong type or form.</exception>
    public void Set(ConfigKey key, ConfigValue value)
    {
        key.Apply(this, value);
        bool appends = key.Kind is ConfigKeyKind.TextList or ConfigKeyKind.TextMap or ConfigKeyKind.Object or ConfigKeyKind.ObjectList;
        Given[key.Path] = ConfigFingerprint.Of(value.Raw, appends ? Given.GetValueOrDefault(key.Path) : 0);
    }

    public void Warn(string line)
    {
        if (!Warnings.Contains(line)) Warnings.Add(line);
    }
}
