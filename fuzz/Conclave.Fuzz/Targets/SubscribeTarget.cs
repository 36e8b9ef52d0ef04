using Conclave.Rpc;
using Conclave.Rpc.Grpc;

namespace Conclave.Fuzz.Targets;

/// <summary>What a caller of gRPC sends: messages behind their prefixes, each a request for a subscription or refused; the same however the bytes arrive.</summary>
internal static class SubscribeTarget
{
    public static void Run(ReadOnlySpan<byte> data)
    {
        while (true)
        {
            ReadOnlySpan<byte> message;
            try
            {
                if (!GrpcFraming.TryRead(data, SubscribeRequest.BytesMax, out message)) return;
            }
            catch (RpcFormatException)
            {
                return;
            }
            int size = GrpcFraming.PrefixBytes + message.Length;
            Promise.Holds(size <= data.Length, "a message lies within what is there");
            Promise.Holds(!GrpcFraming.TryRead(data[..(size - 1)], SubscribeRequest.BytesMax, out _), "a message is whole with its last byte and not before");
            Read(message);
            data = data[size..];
        }
    }

    private static void Read(ReadOnlySpan<byte> message)
    {
        SubscribeRequest request;
        try
        {
            request = SubscribeRequest.Read(message);
        }
        catch (RpcFormatException)
        {
            return;
        }
        using var writer = new ProtoWriter();
        request.Write(writer);
        Promise.Holds(SubscribeRequest.Read(writer.WrittenSpan) == request, "a request reads back equal");
    }
}
