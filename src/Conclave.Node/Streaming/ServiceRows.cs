using Conclave.Core.Model;

namespace Conclave.Node.Streaming;

/// <summary>The instances of a service at a moment. Never changes.</summary>
/// <param name="Index">Raft index of the last change.</param>
/// <param name="Rows">By the names of their nodes, then by their ids.</param>
public sealed record ServiceRows(ulong Index, IReadOnlyList<CheckServiceNode> Rows);
