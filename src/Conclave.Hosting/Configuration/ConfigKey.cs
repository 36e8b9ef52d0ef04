namespace Conclave.Hosting.Configuration;

/// <summary>What becomes of a configuration key.</summary>
public enum ConfigKeyStatus
{
    /// <summary>Has its full effect.</summary>
    Works,
    /// <summary>Read, checked and kept or shown, but nothing acts on it.</summary>
    Stored,
    /// <summary>Accepted with one warning line when it is set.</summary>
    Ignored,
    /// <summary>The start is refused with a clear line when it asks for what does not exist.</summary>
    Refused,
}

/// <summary>The type of a key's value.</summary>
public enum ConfigKeyKind
{
#pragma warning disable CS1591 // The value is the documentation.
    Bool, Int, Number, Text, Duration, TextList, TextMap, Object, ObjectList,
#pragma warning restore CS1591
}

/// <summary>A configuration key: its path, its type and what becomes of it.</summary>
public sealed class ConfigKey
{
    internal ConfigKey(string path, ConfigKeyKind kind, ConfigKeyStatus status, Action<ConfigDraft, ConfigValue> apply, string note)
    {
        (Path, Kind, Status, Apply, Note) = (path, kind, status, apply, note);
    }

    /// <summary>Dotted path as in a file, lower case (<c>ports.http</c>).</summary>
    public string Path { get; }

    /// <summary>Type of the value.</summary>
    public ConfigKeyKind Kind { get; }

    /// <summary>What becomes of it.</summary>
    public ConfigKeyStatus Status { get; }

    /// <summary>A remark for people; may be empty.</summary>
    public string Note { get; }

    /// <summary>A reload takes over its value; changes of the other keys wait for the next start.</summary>
    public bool IsReloadable => ReloadableKeys.Contains(Path);

    /// <summary>Flag of <c>agent</c> with the same meaning, without the dash; empty for none.</summary>
    public string Flag { get; internal set; } = "";

    internal Action<ConfigDraft, ConfigValue> Apply { get; }
}
