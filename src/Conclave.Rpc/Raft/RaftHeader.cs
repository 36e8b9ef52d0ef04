using Conclave.Core.Codec;

namespace Conclave.Rpc.Raft;

/// <summary>What every request and result starts with. Its fields lie in the same map as those of the message.</summary>
public readonly struct RaftHeader
{
    /// <summary>The version spoken, and the newest one understood.</summary>
    public const int CurrentVersion = 3;

    /// <summary>The oldest version understood.</summary>
    public const int OldestVersion = 2;

    /// <summary>The error text by which a request of another version is refused; there is no result beside it.</summary>
    public const string UnsupportedVersionError = "operation not supported with current protocol version";

    /// <summary>Version of the sender. Heartbeats are answered whatever it is.</summary>
    public int ProtocolVersion { get; init; }

    /// <summary>The sender's id as text. Nil from peers of version 1.10, which do not have the field; it is written when not nil.</summary>
    public WireBytes Id { get; init; }

    /// <summary>The sender's <c>ip:port</c> as text. As <see cref="Id"/>.</summary>
    public WireBytes Address { get; init; }

    /// <summary>Whether the version is one we speak.</summary>
    public bool IsSupported => ProtocolVersion is >= OldestVersion and <= CurrentVersion;

    internal int FieldCount => 1 + (Id.IsNil ? 0 : 1) + (Address.IsNil ? 0 : 1);

    // Sorted names interleave with those of the message: the address comes before all others, the id and the version in between.
    internal void WriteAddress(ref MsgPackWriter writer)
    {
        if (!Address.IsNil) Address.WriteField(ref writer, "Addr"u8);
    }

    internal void WriteId(ref MsgPackWriter writer)
    {
        if (!Id.IsNil) Id.WriteField(ref writer, "ID"u8);
    }

    internal void WriteVersion(ref MsgPackWriter writer) => writer.WriteField("ProtocolVersion"u8, (long)ProtocolVersion);

    /// <summary>A header while it is read.</summary>
    internal ref struct Builder
    {
        // Place of the header's fields: the version is declared first everywhere, the newer fields come after all those an array can have.
        public const int VersionField = 0;

        public int ProtocolVersion;
        public WireBytes Id;
        public WireBytes Address;

        public readonly RaftHeader Header => new() { ProtocolVersion = ProtocolVersion, Id = Id, Address = Address };

        /// <summary>Reads the field if it is one of the header.</summary>
        public bool TryRead(ref MsgPackReader reader, int field, int fieldsOfMessage)
        {
            if (field == VersionField) ProtocolVersion = reader.ReadInt32();
            else if (field == fieldsOfMessage) Id = WireBytes.Read(ref reader);
            else if (field == fieldsOfMessage + 1) Address = WireBytes.Read(ref reader);
            else return false;
            return true;
        }
    }
}
