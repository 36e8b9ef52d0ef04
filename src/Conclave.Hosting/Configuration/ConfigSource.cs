namespace Conclave.Hosting.Configuration;

/// <summary>Syntax of a configuration text.</summary>
public enum ConfigFormat
{
    /// <summary>JSON.</summary>
    Json,
    /// <summary>HCL, first version.</summary>
    Hcl,
}

/// <summary>A configuration text and where it came from.</summary>
/// <param name="Name">File name, or a name such as <c>flags-0.hcl</c>.</param>
/// <param name="Format">Syntax.</param>
/// <param name="Text">The text.</param>
public sealed record ConfigSource(string Name, ConfigFormat Format, string Text);
