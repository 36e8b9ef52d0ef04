using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Names of the table indexes, as snapshots spell them.</summary>
internal sealed class IndexName
{
    public static readonly IndexName Kvs = new("kvs"), Tombstones = new("tombstones"), Nodes = new("nodes"), Services = new("services"), Checks = new("checks");
    public static readonly IndexName Sessions = new("sessions"), Coordinates = new("coordinates"), ServiceExtinction = new("service_last_extinction");

    public IndexName(string name)
    {
        Name = name;
        Key = Keys.Make(name);
    }

    public string Name { get; }

    public byte[] Key { get; }

    /// <summary>The index of one service.</summary>
    public static string OfService(string service) => "service." + service;

    /// <summary>The index of a kind of services.</summary>
    public static string OfKind(string kind) => kind.Length == 0 ? "service_kind.typical" : "service_kind." + kind;
}
