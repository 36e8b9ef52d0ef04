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
            TreeJson.WriteValue(json, value);
        }
        json.Name("Mode"u8);
        if (Find(proxy, "Mode") is { } mode) TreeJson.WriteValue(json, mode);
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

    /// <summary>The value of a field, or null.</summary>
    private static object? Find(MsgPackMap? map, string name)
    {
        foreach (var (field, value) in map?.Fields ?? [])
            if (field == name) return value;
        return null;
    }

    private static void WriteFields(JsonOut json, MsgPackMap? map)
    {
        json.BeginObject();
        foreach (var (name, value) in map?.Fields ?? [])
        {
            if (IsEmpty(value)) continue;
            json.Name(name);
            TreeJson.WriteValue(json, value);
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
