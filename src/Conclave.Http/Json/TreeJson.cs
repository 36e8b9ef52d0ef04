using System.Text;
using System.Text.Json;
using Conclave.Core.Model;

namespace Conclave.Http.Json;

/// <summary>Generic trees (mesh settings that are kept and shown but not acted on) as JSON and back. Depth is bounded by <see cref="JsonBody.DepthMax"/>.</summary>
public static class TreeJson
{
    /// <summary>Reads an object; null for <c>null</c>.</summary>
    public static MsgPackMap? ReadMap(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        var fields = new List<KeyValuePair<string, object?>>();
        while (json.NextMember())
        {
            string name = json.MemberName;
            fields.Add(new(name, ReadValue(ref json)));
        }
        return new() { Fields = fields };
    }

    /// <summary>Writes an object with all its fields.</summary>
    public static void Write(JsonOut json, MsgPackMap map)
    {
        json.BeginObject();
        foreach (var (name, value) in map.Fields)
        {
            json.Name(name);
            WriteValue(json, value);
        }
        json.EndObject();
    }

    /// <summary>Writes a value of a tree; bytes are taken for text.</summary>
    public static void WriteValue(JsonOut json, object? value)
    {
        switch (value)
        {
            case null: json.Null(); break;
            case bool flag: json.Bool(flag); break;
            case long number: json.Number(number); break;
            case ulong number: json.Number(number); break;
            case double number: json.Number(number); break;
            case ReadOnlyMemory<byte> text: json.String(text.Span); break;
            case string text: json.String(text); break;
            case MsgPackMap map: Write(json, map); break;
            case IReadOnlyList<object?> list:
                json.BeginArray();
                foreach (object? item in list) WriteValue(json, item);
                json.EndArray();
                break;
            default: throw new NotSupportedException($"A generic tree cannot hold a {value.GetType().Name}.");
        }
    }

    private static object? ReadValue(ref JsonBody json)
    {
        switch (json.Peek())
        {
            case JsonTokenType.StartObject: return ReadMap(ref json);
            case JsonTokenType.StartArray: return ReadList(ref json);
            case JsonTokenType.String: return (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(json.Text());
            case JsonTokenType.True or JsonTokenType.False: return json.Bool();
            case JsonTokenType.Number: return ReadNumber(ref json);
            default:
                json.Skip();
                return null;
        }
    }

    private static object ReadNumber(ref JsonBody json)
    {
        double number = json.Double();
        bool whole = Math.Floor(number) == number && Math.Abs(number) < 1L << 53;
        return whole ? (long)number : number;
    }

    private static List<object?>? ReadList(ref JsonBody json)
    {
        if (!json.EnterArray()) return null;
        var list = new List<object?>();
        while (json.NextElement()) list.Add(ReadValue(ref json));
        return list;
    }
}
