using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Agent;

/// <summary>What makes a check definition valid and which kind it is: Consul's rules and texts.</summary>
public static class CheckRules
{
    /// <summary>Shortest interval between two runs; shorter ones are raised to it.</summary>
    public static TimeSpan IntervalMin => TimeSpan.FromSeconds(1);

    /// <summary>Time between two looks at the health of something on another node.</summary>
    public static TimeSpan RemoteAliasInterval => TimeSpan.FromSeconds(5);

    /// <summary>Shortest time after which a critical check removes its service; shorter ones are raised to it.</summary>
    public static TimeSpan DeregisterAfterMin => TimeSpan.FromMinutes(1);

    /// <summary>Whether this is a status a check can have.</summary>
    public static bool IsStatus(string status) => status is HealthStatus.Passing or HealthStatus.Warning or HealthStatus.Critical;

    /// <summary>Whether the check runs a program.</summary>
    public static bool IsScript(CheckDefinition check) => check.ScriptArgs is { Count: > 0 };

    /// <summary>Whether the check copies the health of a service or node.</summary>
    public static bool IsAlias(CheckDefinition check) => check.AliasNode.Length > 0 || check.AliasService.Length > 0;

    /// <summary>Whether the check is run again and again by the agent (as opposed to TTL and alias checks).</summary>
    public static bool HasInterval(CheckDefinition check) =>
        IsScript(check) || check.Http.Length > 0 || check.Tcp.Length > 0 || check.Udp.Length > 0 || check.Grpc.Length > 0 || check.H2Ping.Length > 0;

    /// <summary>What is wrong with the check, or null.</summary>
    public static string? Validate(CheckDefinition check)
    {
        bool hasInterval = HasInterval(check), alias = IsAlias(check);
        if (check.Interval > TimeSpan.Zero && check.Ttl > TimeSpan.Zero) return "Interval and TTL cannot both be specified";
        if (hasInterval && check.Interval <= TimeSpan.Zero) return "Interval must be > 0 for Script, HTTP, H2PING, or TCP checks";
        if (hasInterval && alias) return "Interval cannot be set for Alias checks";
        if (alias && check.Ttl > TimeSpan.Zero) return "TTL must be not be set for Alias checks";
        if (!hasInterval && !alias && check.Ttl <= TimeSpan.Zero) return "TTL must be > 0 for TTL checks";
        if (check.OutputMaxSize < 0) return "MaxOutputMaxSize must be positive";
        if (check.FailuresBeforeWarning > check.FailuresBeforeCritical) return "FailuresBeforeWarning can't be higher than FailuresBeforeCritical";
        return null;
    }

    /// <summary>The wire's word for the kind of the check; empty when none is set.</summary>
    public static string TypeName(CheckDefinition check) => check switch
    {
        { Grpc.Length: > 0 } => "grpc",
        { Http.Length: > 0 } => "http",
        { Ttl.Ticks: > 0 } => "ttl",
        { Tcp.Length: > 0 } => "tcp",
        { Udp.Length: > 0 } => "udp",
        _ when IsAlias(check) => "alias",
        { DockerContainerId.Length: > 0 } => "docker",
        _ when IsScript(check) => "script",
        { H2Ping.Length: > 0 } => "h2ping",
        _ => "",
    };
}
