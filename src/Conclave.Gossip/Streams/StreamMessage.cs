using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Streams;

/// <summary>What one side of a stream said, without everything around it.</summary>
/// <param name="Type">Kind of message.</param>
/// <param name="Body">The bytes after the type byte, in memory of their own.</param>
internal readonly record struct StreamMessage(MessageType Type, ReadOnlyMemory<byte> Body);
