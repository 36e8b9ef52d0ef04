using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Rpc.Messages;

/// <summary>
/// Answers about configuration entries from a server that holds none. Each is one byte string with MessagePack inside, whose layout is exact: kinds stand before what
/// they are the kinds of.
/// </summary>
public static class ConfigEntryResults
{
    /// <summary>Writes "there is no such entry".</summary>
    public static void WriteMissing(ref MsgPackWriter writer, QueryMeta meta)
    {
        using var inner = new PooledBuffer(256);
        var content = new MsgPackWriter(inner);
        content.Write("");
        RowResults.WriteMeta(ref content, meta);
        content.Flush();
        writer.Write(inner.WrittenSpan);
    }

    /// <summary>Writes a list of no entries.</summary>
    public static void WriteNone(ref MsgPackWriter writer, string kind, QueryMeta meta)
    {
        using var inner = new PooledBuffer(256);
        var content = new MsgPackWriter(inner);
        content.Write(0L);
        var fields = new MetaFields(meta, 2);
        fields.Begin(ref content);
        fields.Key(ref content, "Entries"u8);
        content.WriteNil();
        fields.Key(ref content, "Kind"u8);
        content.Write(kind);
        fields.End(ref content);
        content.Flush();
        writer.Write(inner.WrittenSpan);
    }

    /// <summary>Writes the settings of a service that nothing is configured for.</summary>
    public static void WriteDefaults(ref MsgPackWriter writer, QueryMeta meta)
    {
        using var inner = new PooledBuffer(256);
        var content = new MsgPackWriter(inner);
        var fields = new MetaFields(meta, 7);
        fields.Begin(ref content);
        fields.Key(ref content, "Expose"u8);
        content.WriteMapHeader(2);
        content.WriteField("Checks"u8, false);
        content.WriteKey("Paths"u8);
        content.WriteNil();
        fields.Key(ref content, "MeshGateway"u8);
        content.WriteMapHeader(1);
        content.WriteField("Mode"u8, "");
        fields.Key(ref content, "Mode"u8);
        content.Write("");
        fields.Key(ref content, "ProxyConfig"u8);
        content.WriteNil();
        fields.Key(ref content, "TransparentProxy"u8);
        content.WriteMapHeader(2);
        content.WriteField("DialedDirectly"u8, false);
        content.WriteField("OutboundListenerPort"u8, 0L);
        fields.Key(ref content, "UpstreamConfigs"u8);
        content.WriteNil();
        fields.Key(ref content, "UpstreamIDConfigs"u8);
        content.WriteNil();
        fields.End(ref content);
        content.Flush();
        writer.Write(inner.WrittenSpan);
    }
}
