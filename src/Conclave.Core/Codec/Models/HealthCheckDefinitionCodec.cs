using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>How an external monitor runs a check.</summary>
/// <remarks>Version 1.10 knows 21 fields. <c>UDP</c> and <c>H2PingUseTLS</c> came later: they are written only when set, so that the usual bytes stay those of 1.10.</remarks>
public static class HealthCheckDefinitionCodec
{
    private const int FieldsOf110 = 21;

    /// <summary>Writes the definition.</summary>
    public static void Write(ref MsgPackWriter writer, HealthCheckDefinition definition)
    {
        bool hasUdp = definition.Udp.Length > 0, hasPingTls = definition.H2PingUseTls;
        writer.WriteMapHeader(FieldsOf110 + (hasUdp ? 1 : 0) + (hasPingTls ? 1 : 0));
        writer.WriteField("AliasNode"u8, definition.AliasNode);
        writer.WriteField("AliasService"u8, definition.AliasService);
        writer.WriteField("Body"u8, definition.Body);
        writer.WriteField("DeregisterCriticalServiceAfter"u8, definition.DeregisterCriticalServiceAfterNanoseconds);
        writer.WriteField("DisableRedirects"u8, definition.DisableRedirects);
        writer.WriteField("DockerContainerID"u8, definition.DockerContainerId);
        writer.WriteField("GRPC"u8, definition.Grpc);
        writer.WriteField("GRPCUseTLS"u8, definition.GrpcUseTls);
        writer.WriteField("H2PING"u8, definition.H2Ping);
        if (hasPingTls) writer.WriteField("H2PingUseTLS"u8, definition.H2PingUseTls);
        writer.WriteField("HTTP"u8, definition.Http);
        writer.WriteKey("Header"u8);
        WriteHeader(ref writer, definition.Header);
        writer.WriteField("Interval"u8, definition.IntervalNanoseconds);
        writer.WriteField("Method"u8, definition.Method);
        writer.WriteField("OutputMaxSize"u8, definition.OutputMaxSize);
        writer.WriteField("ScriptArgs"u8, definition.ScriptArgs);
        writer.WriteField("Shell"u8, definition.Shell);
        writer.WriteField("TCP"u8, definition.Tcp);
        writer.WriteField("TLSServerName"u8, definition.TlsServerName);
        writer.WriteField("TLSSkipVerify"u8, definition.TlsSkipVerify);
        writer.WriteField("TTL"u8, definition.TtlNanoseconds);
        writer.WriteField("Timeout"u8, definition.TimeoutNanoseconds);
        if (hasUdp) writer.WriteField("UDP"u8, definition.Udp);
    }

    /// <summary>Reads a definition; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static HealthCheckDefinition Read(ref MsgPackReader reader)
    {
        if (reader.TryReadRaw(ZeroBytes)) return HealthCheckDefinition.Empty;
        string http = "", serverName = "", method = "", body = "", tcp = "", udp = "", grpc = "", docker = "", shell = "", ping = "", aliasNode = "", aliasService = "";
        bool skipVerify = false, noRedirects = false, grpcTls = false, pingTls = false;
        long ttl = 0, interval = 0, timeout = 0, deregister = 0;
        uint outputMax = 0;
        TextMap<IReadOnlyList<string>>? header = null;
        IReadOnlyList<string>? args = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("AliasNode"u8)) aliasNode = reader.ReadText();
            else if (key.SequenceEqual("AliasService"u8)) aliasService = reader.ReadText();
            else if (key.SequenceEqual("Body"u8)) body = reader.ReadText();
            else if (key.SequenceEqual("DeregisterCriticalServiceAfter"u8)) deregister = reader.ReadInt64();
            else if (key.SequenceEqual("DisableRedirects"u8)) noRedirects = reader.ReadBool();
            else if (key.SequenceEqual("DockerContainerID"u8)) docker = reader.ReadText();
            else if (key.SequenceEqual("GRPC"u8)) grpc = reader.ReadText();
            else if (key.SequenceEqual("GRPCUseTLS"u8)) grpcTls = reader.ReadBool();
            else if (key.SequenceEqual("H2PING"u8)) ping = reader.ReadText();
            else if (key.SequenceEqual("H2PingUseTLS"u8)) pingTls = reader.ReadBool();
            else if (key.SequenceEqual("HTTP"u8)) http = reader.ReadText();
            else if (key.SequenceEqual("Header"u8)) header = MsgPackCollections.ReadMap(ref reader, ReadHeaderValues);
            else if (key.SequenceEqual("Interval"u8)) interval = reader.ReadInt64();
            else if (key.SequenceEqual("Method"u8)) method = reader.ReadText();
            else if (key.SequenceEqual("OutputMaxSize"u8)) outputMax = reader.ReadUInt32();
            else if (key.SequenceEqual("ScriptArgs"u8)) args = MsgPackCollections.ReadTexts(ref reader);
            else if (key.SequenceEqual("Shell"u8)) shell = reader.ReadText();
            else if (key.SequenceEqual("TCP"u8)) tcp = reader.ReadText();
            else if (key.SequenceEqual("TLSServerName"u8)) serverName = reader.ReadText();
            else if (key.SequenceEqual("TLSSkipVerify"u8)) skipVerify = reader.ReadBool();
            else if (key.SequenceEqual("TTL"u8)) ttl = reader.ReadInt64();
            else if (key.SequenceEqual("Timeout"u8)) timeout = reader.ReadInt64();
            else if (key.SequenceEqual("UDP"u8)) udp = reader.ReadText();
            else reader.Skip();
        }
        return new HealthCheckDefinition
        {
            Http = http,
            TlsServerName = serverName,
            TlsSkipVerify = skipVerify,
            DisableRedirects = noRedirects,
            Header = header,
            Method = method,
            Body = body,
            Tcp = tcp,
            Udp = udp,
            Grpc = grpc,
            GrpcUseTls = grpcTls,
            DockerContainerId = docker,
            Shell = shell,
            H2Ping = ping,
            H2PingUseTls = pingTls,
            ScriptArgs = args,
            AliasNode = aliasNode,
            AliasService = aliasService,
            TtlNanoseconds = ttl,
            IntervalNanoseconds = interval,
            TimeoutNanoseconds = timeout,
            DeregisterCriticalServiceAfterNanoseconds = deregister,
            OutputMaxSize = outputMax,
        };
    }

    // Nearly every stored check has an empty definition: recognised by its bytes, and one object serves all of them.
    private static readonly byte[] ZeroBytes = EncodeZero();

    private static byte[] EncodeZero()
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        Write(ref writer, new HealthCheckDefinition());
        writer.Flush();
        return buffer.ToArray();
    }

    private static void WriteHeader(ref MsgPackWriter writer, IReadOnlyDictionary<string, IReadOnlyList<string>>? header)
    {
        if (header is null)
        {
            writer.WriteNil();
            return;
        }
        var sorted = TextMap<IReadOnlyList<string>>.From(header);
        writer.WriteMapHeader(sorted.Count);
        for (int i = 0; i < sorted.Count; i++)
        {
            writer.Write(sorted.KeyAt(i));
            writer.Write(sorted.ValueAt(i));
        }
    }

    // A header without values is nil on the wire and an empty list in the model.
    private static IReadOnlyList<string> ReadHeaderValues(ref MsgPackReader reader) => MsgPackCollections.ReadTexts(ref reader) ?? [];
}
