using Conclave.Core.Model;

namespace Conclave.Node.Requests;

/// <summary>What must hold of a key operation before it may be logged.</summary>
public static class KvRequests
{
    /// <summary>Null when the operation may be proposed, else Consul's text.</summary>
    public static string? Refuse(string op, ReadOnlySpan<byte> key) =>
        key.Length == 0 && op != KvOps.DeleteTree ? "Must provide key" : null;
}
