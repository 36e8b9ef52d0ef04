using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>Which type bytes a snapshot may hold, and their names for people.</summary>
public static class SnapshotRecordTypes
{
    /// <summary>True for the kinds of records that exist in snapshots of version 1.10; any other byte means: refuse the whole snapshot.</summary>
    public static bool IsLegal(byte type) => (CommandType)type is CommandType.Register or CommandType.KVS or CommandType.Session or CommandType.LegacyAcl or CommandType.Tombstone
        or CommandType.CoordinateBatchUpdate or CommandType.PreparedQuery or CommandType.Autopilot or CommandType.AclBootstrap or CommandType.Intention or CommandType.ConnectCA
        or CommandType.ConnectCAProviderState or CommandType.ConnectCAConfig or CommandType.Index or CommandType.AclTokenSet or CommandType.AclPolicySet or CommandType.ConfigEntry
        or CommandType.AclRoleSet or CommandType.AclBindingRuleSet or CommandType.AclAuthMethodSet or CommandType.ChunkingState or CommandType.FederationState or CommandType.SystemMetadata;

    /// <summary>The name that <c>snapshot inspect</c> prints.</summary>
    public static string NameOf(byte type) => (CommandType)type switch
    {
        CommandType.LegacyAcl => "ACL",
        CommandType.AclBootstrap => "ACLBootstrap",
        CommandType.AclTokenSet => "ACLToken",
        CommandType.AclPolicySet => "ACLPolicy",
        CommandType.AclRoleSet => "ACLRole",
        CommandType.AclBindingRuleSet => "ACLBindingRule",
        CommandType.AclAuthMethodSet => "ACLAuthMethod",
        _ when IsLegal(type) => ((CommandType)type).ToString(),
        _ => $"Unknown({type})",
    };
}
