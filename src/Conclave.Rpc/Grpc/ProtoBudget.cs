namespace Conclave.Rpc.Grpc;

/// <summary>How many objects one message may still become: two bytes of it can ask for an object of a hundred.</summary>
/// <param name="objectsMax">Rows, checks, list elements and map entries together.</param>
internal sealed class ProtoBudget(int objectsMax)
{
    private int _taken;

    /// <summary>Takes one more.</summary>
    /// <exception cref="RpcFormatException">There are too many.</exception>
    public void Take()
    {
        if (++_taken > objectsMax) throw new RpcFormatException($"protobuf: a message has more than {objectsMax} parts");
    }
}
