namespace Conclave.Http.Requests;

/// <summary>Query parameters that some endpoint knows; all others are skipped while reading.</summary>
public enum Param : byte
{
#pragma warning disable CS1591 // Named as on the wire; the endpoint documents the meaning.
    Acquire, Address, AuthMethod, Cached, Cas, Consistent, Datacenter, Dc, Dry, Enable, Filter, Flags, Force, Format, Hash, Id, Index, Keys, Kind, LeaderOnly,
    Leader, Limit, LocalOnly, LogJson, LogLevel, MaxStale, Merge, Name, Near, Node, NodeMeta, Note, Ns, Partition, Passing, Peer, Policy, Pretty, Prune, Raw, Reason,
    Recurse, RelayFactor, Release, ReplaceExistingChecks, Role, Segment, Separator, Service, ServiceKind, Source, SourceType, Stale, Tag, Token, Wait, Wan,
    Destination, ByType, Seconds, AllowStale, Pem, Cleanup,
    None = 255,
#pragma warning restore CS1591
}
