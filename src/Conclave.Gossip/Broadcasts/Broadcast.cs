namespace Conclave.Gossip.Broadcasts;

/// <summary>A message on its way to all members.</summary>
internal abstract class Broadcast
{
    /// <summary>Bytes it takes in a packet, with its type byte.</summary>
    public int Length { get; protected set; }

    /// <summary>Order in which messages came; never given twice by one queue.</summary>
    public ulong Ticket { get; set; }

    /// <summary>Packets it went out with.</summary>
    public int Sent { get; set; }
}
