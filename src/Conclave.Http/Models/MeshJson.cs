using System.Text;
using Conclave.Core.Model;
using Conclave.Http.Json;

namespace Conclave.Http.Models;

/// <summary>Mesh settings of services, which are kept as generic trees and shown with their empty fields left out.</summary>
public static class MeshJson
{
    /// <summary>Proxy settings; <c>Mode</c>, <c>MeshGateway</c> and <c>Expose</c> are always there.</summary>
    public static void WriteProxy(JsonOut json, MsgPackMap? proxy)
    {
        if (proxy is null && !json.Pretty)
        {
            // Nearly all instances, and so a good part of a long health answer.
            json.Raw("{\"Mode\":\"\",\"MeshGateway\":{},\"Expose\":{}}"u8);
            return;
        }
        json.BeginObject();
        foreach (var (name, value) in proxy?.Fields ?? [])
        {
            if (name is "Mode" or "MeshGateway" or "Expose" or "TransparentProxy" || IsEmpty(value)) continue;
            json.Name(name);
            WriteValue(json, value);
        }
        json.Name("Mode"u8);
        if (Find(proxy, "Mode") is { } mode) WriteValue(json, mode);
        else json.String("");
        json.Name("MeshGateway"u8);
        WriteFields(json, Find(proxy, "MeshGateway") as MsgPackMap);
        json.Name("Expose"u8);
        WriteFields(json, Find(proxy, "Expose") as MsgPackMap);
        if (Find(proxy, "TransparentProxy") is MsgPackMap transparent && !IsEmpty(transparent))
        {
            json.Name("TransparentProxy"u8);
            WriteFields(json, transparent);
        }
        json.EndObject();
    }

    /// <summary>Connect settings; only what is set.</summary>
    public static void WriteConnect(JsonOut json, MsgPackMap? connect) => WriteFields(json, connect);

    /// <summary>Any value of a generic tree.</summary>
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
            case MsgPackMap map:
                json.BeginObject();
                foreach (var (name, member) in map.Fields)
                {
                    json.Name(name);
                    WriteValue(json, member);
                }
                json.EndObject();
                break;
            case IReadOnlyList<object?> list:
                json.BeginArray();
                foreach (var element in list) WriteValue(json, element);
                json.EndArray();
                break;
            default: throw new InvalidOperationException($"A generic tree holds a {value.GetType()}.");
        }
    }

    /// <summary>The value of a field, or null.</summary>
    public static object? Find(MsgPackMap? map, string name)
    {
        foreach (var (field, value) in map?.Fields ?? [])
            if (field == name) return value;
        return null;
    }

    /// <summary>Reads any JSON value as a generic tree. Depth is bounded by the reader.</summary>
    public static object? ReadValue(ref JsonBody json)
    {
        switch (json.Peek())
        {
            case System.Text.Json.JsonTokenType.Null:
                json.Skip();
                return null;
            case System.Text.Json.JsonTokenType.True or System.Text.Json.JsonTokenType.False:
                return json.Bool();
            case System.Text.Json.JsonTokenType.Number:
                var number = json.Double();
                return number == Math.Floor(number) && Math.Abs(number) < 1L << 53 ? (long)number : number;
            case System.Text.Json.JsonTokenType.String:
                return (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(json.Text());
            case System.Text.Json.JsonTokenType.StartArray:
                json.EnterArray();
                var list = new List<object?>();
                while (json.NextElement()) list.Add(ReadValue(ref json));
                return list;
            default:
                return ReadMap(ref json);
        }
    }

    /// <summary>Reads an object as a generic tree; null for <c>null</c>.</summary>
    public static MsgPackMap? ReadMap(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        var fields = new List<KeyValuePair<string, object?>>();
        while (json.NextMember())
        {
            var name = json.MemberName;
            fields.Add(new(name, ReadValue(ref json)));
        }
        return new MsgPackMap { Fields = fields };
    }

    private static void WriteFields(JsonOut json, MsgPackMap? map)
    {
        json.BeginObject();
        foreach (var (name, value) in map?.Fields ?? [])
        {
            if (IsEmpty(value)) continue;
            json.Name(name);
            WriteValue(json, value);
        }
        json.EndObject();
    }

    private static bool IsEmpty(object? value) => value switch
    {
        null or false or 0L or 0UL or 0.0 => true,
        ReadOnlyMemory<byte> text => text.Length == 0,
        string text => text.Length == 0,
        MsgPackMap map => map.Fields.All(static field => IsEmpty(field.Value)),
        IReadOnlyList<object?> list => list.Count == 0,
        _ => false,
    };
}
