using System.Buffers;
using System.Globalization;
using System.Text;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Tests.State;

/// <summary>A state as readable lines, one per snapshot record, for comparing states made in different ways.</summary>
internal static class StateDump
{
    public static byte[] Snapshot(StateRoot root, int part = 1000)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(root);
        while (writer.Write(output, part)) { }
        return output.WrittenSpan.ToArray();
    }

    public static StateRoot Restore(ReadOnlySpan<byte> stream, int piece = int.MaxValue)
    {
        using var reader = new SnapshotReader();
        while (!stream.IsEmpty)
        {
            var length = Math.Min(piece, stream.Length);
            reader.Read(stream[..length]);
            stream = stream[length..];
        }
        return reader.Complete();
    }

    public static SortedSet<string> Lines(StateRoot root) => Lines(Snapshot(root));

    /// <summary>Each record with its fields in order of their names; lists that peers keep as sets stay as they are.</summary>
    public static SortedSet<string> Lines(byte[] stream)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        var reader = new MsgPackReader(stream.AsSpan());
        lines.Add("header " + Text(MsgPackTree.ReadValue(ref reader)));
        while (!reader.IsAtEnd)
        {
            var type = (CommandType)reader.ReadRawByte();
            if (type == CommandType.ChunkingState)
            {
                reader.Skip();                                  // keys that are numbers are no generic tree
                continue;
            }
            var value = MsgPackTree.ReadValue(ref reader);
            lines.Add($"{type} {(type == CommandType.ConfigEntry ? ConfigEntry((ReadOnlyMemory<byte>)value!) : Text(value))}");
        }
        return lines;
    }

    private static string ConfigEntry(ReadOnlyMemory<byte> bytes)
    {
        var reader = new MsgPackReader(bytes.Span);
        var kind = reader.ReadText();
        var request = MsgPackTree.ReadMap(ref reader)!;
        var entry = request.Fields.First(field => field.Key == "Entry").Value;
        if (entry is not ReadOnlyMemory<byte> wrapped) return kind + " " + Text(request);
        var inner = new MsgPackReader(wrapped.Span);
        return kind + " wrapped " + Text(MsgPackTree.ReadMap(ref inner));
    }

    private static string Text(object? value) => value switch
    {
        null => "nil",
        ReadOnlyMemory<byte> bytes => '"' + Encoding.Latin1.GetString(bytes.Span) + '"',
        MsgPackMap map => "{" + string.Join(", ", map.Fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => field.Key + ": " + Text(field.Value))) + "}",
        IReadOnlyList<object?> list => "[" + string.Join(", ", list.Select(Text)) + "]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
