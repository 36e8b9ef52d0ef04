using Conclave.Core.Codec;

namespace Conclave.Gossip.Codec;

/// <summary>Something with a place in a gossip message. What is read borrows from the reader's input.</summary>
internal interface IGossipValue<TSelf> where TSelf : IGossipValue<TSelf>, allows ref struct
{
    /// <exception cref="MsgPackException">Malformed.</exception>
    /// <exception cref="GossipFormatException">Malformed.</exception>
    static abstract TSelf Read(scoped ref MsgPackReader reader);

    void Write(ref MsgPackWriter writer);
}
