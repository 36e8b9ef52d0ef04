namespace Conclave.Tests.Network;

/// <summary>One host of a <see cref="PacketNetwork"/>.</summary>
/// <param name="Namespace">The network namespace in which its programs run.</param>
/// <param name="Address">Its address in the network that can be cut.</param>
/// <param name="ControlAddress">Its address on the line to whoever made the network, which is never cut.</param>
internal sealed record NetworkHost(string Namespace, string Address, string ControlAddress);
