using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Names of the table indexes, as snapshots spell them.</summary>
internal sealed class IndexName
{
    /// <summary>Names with a slot of their own (see <see cref="Slot"/>).</summary>
    public const int Slots = 5;

    public static readonly IndexName Kvs = new("kvs", 0), Tombstones = new("tombstones", 1), Nodes = new("nodes", 2), Services = new("services", 3), Checks = new("checks", 4);
    public static readonly IndexName Sessions = new("sessions"), Coordinates = new("coordinates"), ServiceExtinction = new("service_last_extinction");

    public IndexName(string name, int slot = -1)
    {
        Slot = slot;
        Name = name;
        Key = Keys.Make(name);
    }

    public string Name { get; }

    public byte[] Key { get; }

    /// <summary>Where the writer notes the index until the end of the batch, because it moves with nearly every command; -1 for the others.</summary>
    public int Slot { get; }

    /// <summary>The index of one service.</summary>
    public static string OfService(string service) => "service." + service;

    /// <summary>The index of a kind of services.</summary>
    public static string OfKind(string kind) => kind.Length == 0 ? "service_kind.typical" : "service_kind." + kind;
}
