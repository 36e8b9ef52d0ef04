namespace Conclave.Core.Model;

/// <summary>First byte of a replicated command and of a snapshot record: Consul's own numbers.</summary>
/// <remarks>Bit 7 (128) on a log command means "may be skipped when unknown"; it is not legal in snapshots.</remarks>
public enum CommandType : byte
{
#pragma warning disable CS1591 // The names are the protocol's own; the table in docs/wire/commands.md explains each.
    Register = 0,
    Deregister = 1,
    KVS = 2,
    Session = 3,
    LegacyAcl = 4,
    Tombstone = 5,
    CoordinateBatchUpdate = 6,
    PreparedQuery = 7,
    Txn = 8,
    Autopilot = 9,
    Area = 10,
    AclBootstrap = 11,
    Intention = 12,
    ConnectCA = 13,
    ConnectCAProviderState = 14,
    ConnectCAConfig = 15,
    Index = 16,
    AclTokenSet = 17,
    AclTokenDelete = 18,
    AclPolicySet = 19,
    AclPolicyDelete = 20,
    ConnectCALeaf = 21,
    ConfigEntry = 22,
    AclRoleSet = 23,
    AclRoleDelete = 24,
    AclBindingRuleSet = 25,
    AclBindingRuleDelete = 26,
    AclAuthMethodSet = 27,
    AclAuthMethodDelete = 28,
    ChunkingState = 29,
    FederationState = 30,
    SystemMetadata = 31,
#pragma warning restore CS1591
}
