namespace Conclave.Gossip.Packets;

/// <summary>Why a packet was dropped as a whole.</summary>
internal enum PacketFault
{
    None,
    Empty,
    TooLong,
    WrongLabel,
    NotDecrypted,
    WrongChecksum,
}
