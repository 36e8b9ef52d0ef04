namespace Conclave.Rpc.Grpc;

/// <summary>How a field of a protobuf message lies on the wire.</summary>
public enum ProtoWire
{
    /// <summary>A number of one to ten bytes, seven bits each.</summary>
    Varint = 0,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 1,

    /// <summary>A length, then as many bytes: text, bytes or another message.</summary>
    Bytes = 2,

    /// <summary>Four bytes.</summary>
    Fixed32 = 5,
}
