using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Rpc.Messages;

/// <summary>What methods about sessions give back.</summary>
public static class SessionResults
{
    /// <summary>Writes sessions among the fields of a read; none as nil.</summary>
    public static void Write(ref MsgPackWriter writer, IReadOnlyList<Session> sessions, QueryMeta meta)
    {
        var fields = new MetaFields(meta, 1);
        fields.Begin(ref writer);
        fields.Key(ref writer, "Sessions"u8);
        if (sessions.Count == 0) writer.WriteNil();
        else writer.WriteArrayHeader(sessions.Count);
        foreach (var session in sessions) SessionCodec.Write(ref writer, session);
        fields.End(ref writer);
    }

    /// <summary>Reads the first session of a result; null when there is none.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static Session? ReadFirst(ReadOnlySpan<byte> result)
    {
        var reader = new MsgPackReader(result);
        Session? first = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            if (!reader.ReadKey().SequenceEqual("Sessions"u8))
            {
                reader.Skip(acceptExtensions: true);
                continue;
            }
            for (int sessions = reader.ReadArrayHeader(); sessions > 0; sessions--)
            {
                var session = SessionCodec.Read(ref reader);
                first ??= session;
            }
        }
        return first;
    }
}
