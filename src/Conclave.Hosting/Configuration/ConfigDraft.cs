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

    public void Warn(string line)
    {
        if (!Warnings.Contains(line)) Warnings.Add(line);
    }
}
