using Conclave.Core.Codec;

namespace Conclave.Rpc.Messages;

/// <summary>What a snapshot connection is for.</summary>
public enum SnapshotOperation : long
{
    /// <summary>The archive of the state comes behind the reply.</summary>
    Save = 0,

    /// <summary>An archive to be restored comes behind the request.</summary>
    Restore = 1,
}

/// <summary>The request at the beginning of a snapshot connection.</summary>
/// <param name="Datacenter">Datacenter that it is meant for; empty for the receiver's.</param>
/// <param name="Operation">What to do.</param>
/// <param name="AllowStale">Any server may save what it has applied.</param>
/// <param name="IsForwarded">Another server sent it on and it must not be sent on again; of our own, peers pass over it.</param>
public readonly record struct SnapshotRequest(string Datacenter, SnapshotOperation Operation, bool AllowStale, bool IsForwarded)
{
    /// <summary>Longest request in bytes.</summary>
    public const int BytesMax = 64 * 1024;

    private static readonly FieldNames s_fields = new("Datacenter", "Token", "AllowStale", "Op", "Forwarded");

    /// <summary>Reads a request.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static SnapshotRequest Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        var fields = new FieldReader(ref reader, s_fields);
        var request = default(SnapshotRequest) with { Datacenter = "" };
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: request = request with { Datacenter = reader.ReadText() }; break;
                case 1: reader.ReadTextSpan(); break;
                case 2: request = request with { AllowStale = WireValues.ReadBool(ref reader) }; break;
                case 3: request = request with { Operation = (SnapshotOperation)reader.ReadInt64() }; break;
                case 4: request = request with { IsForwarded = WireValues.ReadBool(ref reader) }; break;
            }
        return request;
    }

    /// <summary>Writes the request, without a token.</summary>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(IsForwarded ? 5 : 4);
        writer.WriteField("AllowStale"u8, AllowStale);
        writer.WriteField("Datacenter"u8, Datacenter);
        if (IsForwarded) writer.WriteField("Forwarded"u8, true);
        writer.WriteField("Op"u8, (long)Operation);
        writer.WriteField("Token"u8, "");
    }
}

/// <summary>The reply on a snapshot connection; an archive follows behind one to a save that went well.</summary>
public static class SnapshotReply
{
    /// <summary>Longest reply in bytes.</summary>
    public const int BytesMax = 64 * 1024;

    /// <summary>Writes a reply; <paramref name="error"/> is empty when all is well.</summary>
    public static void Write(ref MsgPackWriter writer, string error, QueryMeta meta)
    {
        var fields = new MetaFields(meta, 1);
        fields.Begin(ref writer);
        fields.Key(ref writer, "Error"u8);
        writer.Write(error);
        fields.End(ref writer);
    }

    /// <summary>Reads a reply; the error is empty when all is well.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static (string Error, QueryMeta Meta) Read(ReadOnlySpan<byte> bytes) => (ReadError(bytes), RowResults.ReadMeta(bytes));

    /// <summary>Reads a reply's error; empty when all is well.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static string ReadError(ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        string error = "";
        for (int left = reader.ReadMapHeader(); left > 0; left--)
            if (reader.ReadKey().SequenceEqual("Error"u8)) error = reader.ReadText();
            else reader.Skip(acceptExtensions: true);
        return error;
    }
}
