using System.Text;
using Conclave.Core.Model;

namespace Conclave.Rpc.Grpc;

/// <summary>Writes the settings of proxies and of the mesh, which are kept as generic trees, as protobuf messages. What has another kind than it should have is left out.</summary>
internal static class ProtoMesh
{
    // Trees were bounded when they were read; this holds for those that were not.
    private const int DepthMax = 64;

    /// <summary>Settings of a proxy; null for none.</summary>
    public static void WriteProxy(ProtoWriter writer, int field, MsgPackMap? proxy)
    {
        int begun = writer.Begin(field);
        writer.Write(1, TextOf(proxy, "DestinationServiceName"));
        writer.Write(2, TextOf(proxy, "DestinationServiceID"));
        writer.Write(3, TextOf(proxy, "LocalServiceAddress"));
        writer.Write(4, NumberOf(proxy, "LocalServicePort"));
        WriteConfig(writer, 5, proxy);
        foreach (object? upstream in ListOf(proxy, "Upstreams")) WriteUpstream(writer, upstream as MsgPackMap);
        WriteMode(writer, 7, MapOf(proxy, "MeshGateway"));
        WriteExpose(writer, 8, MapOf(proxy, "Expose"));
        writer.Write(9, TextOf(proxy, "Mode"));
        WriteTransparent(writer, 10, MapOf(proxy, "TransparentProxy"));
        writer.Write(11, TextOf(proxy, "LocalServiceSocketPath"));
        writer.End(begun);
    }

    /// <summary>Mesh settings of a service; null for none. The definition of a sidecar never gets into the catalog.</summary>
    public static void WriteConnect(ProtoWriter writer, int field, MsgPackMap? connect)
    {
        int begun = writer.Begin(field);
        writer.Write(1, FlagOf(connect, "Native"));
        writer.End(begun);
    }

    private static void WriteUpstream(ProtoWriter writer, MsgPackMap? upstream)
    {
        int begun = writer.Begin(6);
        writer.Write(1, TextOf(upstream, "DestinationType"));
        writer.Write(2, TextOf(upstream, "DestinationNamespace"));
        writer.Write(3, TextOf(upstream, "DestinationName"));
        writer.Write(4, TextOf(upstream, "Datacenter"));
        writer.Write(5, TextOf(upstream, "LocalBindAddress"));
        writer.Write(6, NumberOf(upstream, "LocalBindPort"));
        WriteConfig(writer, 7, upstream);
        WriteMode(writer, 8, MapOf(upstream, "MeshGateway"));
        writer.Write(9, FlagOf(upstream, "CentrallyConfigured"));
        writer.Write(10, TextOf(upstream, "LocalBindSocketPath"));
        writer.Write(11, TextOf(upstream, "LocalBindSocketMode"));
        writer.End(begun);
    }

    private static void WriteMode(ProtoWriter writer, int field, MsgPackMap? gateway)
    {
        int begun = writer.Begin(field);
        writer.Write(1, TextOf(gateway, "Mode"));
        writer.End(begun);
    }

    private static void WriteExpose(ProtoWriter writer, int field, MsgPackMap? expose)
    {
        int begun = writer.Begin(field);
        writer.Write(1, FlagOf(expose, "Checks"));
        foreach (object? item in ListOf(expose, "Paths"))
        {
            var path = item as MsgPackMap;
            int inner = writer.Begin(2);
            writer.Write(1, NumberOf(path, "ListenerPort"));
            writer.Write(2, TextOf(path, "Path"));
            writer.Write(3, NumberOf(path, "LocalPathPort"));
            writer.Write(4, TextOf(path, "Protocol"));
            writer.Write(5, FlagOf(path, "ParsedFromCheck"));
            writer.End(inner);
        }
        writer.End(begun);
    }

    private static void WriteTransparent(ProtoWriter writer, int field, MsgPackMap? transparent)
    {
        int begun = writer.Begin(field);
        writer.Write(1, NumberOf(transparent, "OutboundListenerPort"));
        writer.Write(2, FlagOf(transparent, "DialedDirectly"));
        writer.End(begun);
    }

    private static void WriteConfig(ProtoWriter writer, int field, MsgPackMap? owner)
    {
        if (MapOf(owner, "Config") is not { } config) return;
        int begun = writer.Begin(field);
        WriteStruct(writer, config, DepthMax);
        writer.End(begun);
    }

    // google.protobuf.Struct: a map from text to values of any kind.
    private static void WriteStruct(ProtoWriter writer, MsgPackMap map, int depthLeft)
    {
        foreach (var (name, value) in map.Fields)
        {
            int entry = writer.Begin(1);
            writer.Write(1, name);
            int inner = writer.Begin(2);
            WriteValue(writer, value, depthLeft - 1);
            writer.End(inner);
            writer.End(entry);
        }
    }

    private static void WriteValue(ProtoWriter writer, object? value, int depthLeft)
    {
        int begun;
        switch (value)
        {
            case bool flag: writer.WriteAlways(4, flag ? 1UL : 0); break;
            case double number: writer.WriteAlways(2, number); break;
            case long number: writer.WriteAlways(2, (double)number); break;
            case ulong number: writer.WriteAlways(2, (double)number); break;
            case ReadOnlyMemory<byte> text: writer.WriteAlways(3, text.Span); break;
            case MsgPackMap map when depthLeft > 0:
                begun = writer.Begin(5);
                WriteStruct(writer, map, depthLeft);
                writer.End(begun);
                break;
            case IReadOnlyList<object?> list when depthLeft > 0:
                begun = writer.Begin(6);
                foreach (object? item in list)
                {
                    int inner = writer.Begin(1);
                    WriteValue(writer, item, depthLeft - 1);
                    writer.End(inner);
                }
                writer.End(begun);
                break;
            default: writer.WriteAlways(1, 0UL); break;
        }
    }

    private static object? ValueOf(MsgPackMap? map, string name)
    {
        if (map is null) return null;
        foreach (var (key, value) in map.Fields)
            if (key == name) return value;
        return null;
    }

    private static MsgPackMap? MapOf(MsgPackMap? map, string name) => ValueOf(map, name) as MsgPackMap;

    private static IReadOnlyList<object?> ListOf(MsgPackMap? map, string name) => ValueOf(map, name) as IReadOnlyList<object?> ?? [];

    private static string TextOf(MsgPackMap? map, string name) => ValueOf(map, name) is ReadOnlyMemory<byte> text ? Encoding.UTF8.GetString(text.Span) : "";

    private static long NumberOf(MsgPackMap? map, string name) => ValueOf(map, name) switch
    {
        long number => number,
        ulong number => unchecked((long)number),
        double number => (long)number,                                 // as JSON gives them; what does not fit is as large as can be
        _ => 0,
    };

    private static bool FlagOf(MsgPackMap? map, string name) => ValueOf(map, name) is true;
}
