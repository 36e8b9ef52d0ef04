using System.Diagnostics.CodeAnalysis;

namespace Conclave.Gossip;

/// <summary>Bytes that are no packet, stream, file or key of the gossip protocol. The input is at fault: drop the packet, close the stream, refuse the file.</summary>
/// <param name="reason">What is wrong. Never contains key material.</param>
public sealed class GossipFormatException(string reason) : Exception(reason)
{
    // Thrown from here so that the fast paths stay small.
    [DoesNotReturn]
    internal static void Throw(string reason) => throw new GossipFormatException(reason);
}
