using Conclave.Core.Codec;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Messages;

/// <summary>The network coordinate of the answering member in an <see cref="Ack"/>; one version byte stands in front. Seconds.</summary>
internal ref struct CoordinatePayload : IGossipValue<CoordinatePayload>
{
    /// <summary>The version byte. Payloads with another one are passed over.</summary>
    public const byte Version = 1;

    private static readonly FieldNames Fields = new("Vec", "Error", "Adjustment", "Height");

    public EncodedList<FloatElement> Vec { get; set; }
    public double Error { get; set; }
    public double Adjustment { get; set; }
    public double Height { get; set; }

    public static CoordinatePayload Read(scoped ref MsgPackReader reader)
    {
        var coordinate = new CoordinatePayload();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: coordinate.Vec = EncodedList<FloatElement>.ReadArray(ref reader); break;
                case 1: coordinate.Error = ReadFloat(ref reader); break;
                case 2: coordinate.Adjustment = ReadFloat(ref reader); break;
                case 3: coordinate.Height = ReadFloat(ref reader); break;
            }
        return coordinate;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(4);
        writer.WriteField("Adjustment"u8, Adjustment);
        writer.WriteField("Error"u8, Error);
        writer.WriteField("Height"u8, Height);
        writer.WriteKey("Vec"u8);
        Vec.WriteArray(ref writer);
    }

    private static double ReadFloat(scoped ref MsgPackReader reader) => FloatElement.Read(ref reader).Value;
}
