namespace Conclave.Rpc.Grpc;

/// <summary>What a subscription is about.</summary>
public enum StreamTopic
{
    /// <summary>Nothing that is known.</summary>
    Unknown = 0,

    /// <summary>The instances of a service and their checks.</summary>
    ServiceHealth = 1,

    /// <summary>The proxies and mesh-native instances through which a service is reached.</summary>
    ServiceHealthConnect = 2,
}

/// <summary>Asks for the changes of one service: argument of <c>subscribe.StateChangeSubscription/Subscribe</c>.</summary>
public sealed record SubscribeRequest
{
    /// <summary>Path of the method.</summary>
    public const string MethodPath = "/subscribe.StateChangeSubscription/Subscribe";

    /// <summary>Longest request that is read.</summary>
    public const int BytesMax = 64 * 1024;

    /// <summary>What about; numbers that mean nothing are kept.</summary>
    public StreamTopic Topic { get; init; }

    /// <summary>Name of the service.</summary>
    public string Key { get; init; } = "";

    /// <summary>Secret; never logged.</summary>
    public string Token { get; init; } = "";

    /// <summary>Index that the subscriber has seen; 0 for everything from the start.</summary>
    public ulong Index { get; init; }

    /// <summary>Datacenter; empty for the server's.</summary>
    public string Datacenter { get; init; } = "";

    /// <summary>Namespace, of which there is one: empty or <c>default</c>.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Reads a request; fields that are not known are passed over.</summary>
    /// <exception cref="RpcFormatException">The bytes are none.</exception>
    public static SubscribeRequest Read(ReadOnlySpan<byte> message)
    {
        var reader = new ProtoReader(message);
        var request = new SubscribeRequest();
        while (reader.TryNext(out int field, out var wire))
        {
            if (field is < 1 or > 6)
            {
                reader.Skip(wire);
                continue;
            }
            ProtoReader.Expect(field is 1 or 4 ? ProtoWire.Varint : ProtoWire.Bytes, wire);
            request = field switch
            {
                1 => request with { Topic = (StreamTopic)reader.ReadInt32() },
                2 => request with { Key = reader.ReadText() },
                3 => request with { Token = reader.ReadText() },
                4 => request with { Index = reader.ReadVarint() },
                5 => request with { Datacenter = reader.ReadText() },
                _ => request with { Namespace = reader.ReadText() },
            };
        }
        return request;
    }

    /// <summary>Writes the request, without a prefix.</summary>
    public void Write(ProtoWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(1, (long)Topic);
        writer.Write(2, Key);
        writer.Write(3, Token);
        writer.Write(4, Index);
        writer.Write(5, Datacenter);
        writer.Write(6, Namespace);
    }
}
