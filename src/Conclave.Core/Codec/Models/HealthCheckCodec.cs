using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A health check.</summary>
public static class HealthCheckCodec
{
    private static readonly KnownTexts Statuses = new(HealthStatus.Passing, HealthStatus.Warning, HealthStatus.Critical, HealthStatus.Maintenance);

    /// <summary>Writes the check.</summary>
    public static void Write(ref MsgPackWriter writer, HealthCheck check)
    {
        writer.WriteMapHeader(16);
        writer.WriteField("CheckID"u8, check.CheckId);
        writer.WriteField("CreateIndex"u8, check.CreateIndex);
        writer.WriteKey("Definition"u8);
        HealthCheckDefinitionCodec.Write(ref writer, check.Definition);
        writer.WriteField("ExposedPort"u8, check.ExposedPort);
        writer.WriteField("Interval"u8, check.Interval);
        writer.WriteField("ModifyIndex"u8, check.ModifyIndex);
        writer.WriteField("Name"u8, check.Name);
        writer.WriteField("Node"u8, check.Node);
        writer.WriteField("Notes"u8, check.Notes);
        writer.WriteField("Output"u8, check.Output);
        writer.WriteField("ServiceID"u8, check.ServiceId);
        writer.WriteField("ServiceName"u8, check.ServiceName);
        writer.WriteField("ServiceTags"u8, check.ServiceTags);
        writer.WriteField("Status"u8, check.Status);
        writer.WriteField("Timeout"u8, check.Timeout);
        writer.WriteField("Type"u8, check.Type);
    }

    /// <summary>Reads a check; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static HealthCheck Read(ref MsgPackReader reader)
    {
        string node = "", checkId = "", name = "", status = "", notes = "", output = "", serviceId = "", serviceName = "", type = "", interval = "", timeout = "";
        IReadOnlyList<string>? tags = null;
        int exposedPort = 0;
        var definition = HealthCheckDefinition.Empty;
        ulong created = 0, modified = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("CheckID"u8)) checkId = reader.ReadText();
            else if (key.SequenceEqual("CreateIndex"u8)) created = reader.ReadUInt64();
            else if (key.SequenceEqual("Definition"u8)) definition = HealthCheckDefinitionCodec.Read(ref reader);
            else if (key.SequenceEqual("ExposedPort"u8)) exposedPort = reader.ReadInt32();
            else if (key.SequenceEqual("Interval"u8)) interval = reader.ReadText();
            else if (key.SequenceEqual("ModifyIndex"u8)) modified = reader.ReadUInt64();
            else if (key.SequenceEqual("Name"u8)) name = reader.ReadText();
            else if (key.SequenceEqual("Node"u8)) node = reader.ReadText();
            else if (key.SequenceEqual("Notes"u8)) notes = reader.ReadText();
            else if (key.SequenceEqual("Output"u8)) output = reader.ReadText();
            else if (key.SequenceEqual("ServiceID"u8)) serviceId = reader.ReadText();
            else if (key.SequenceEqual("ServiceName"u8)) serviceName = reader.ReadText();
            else if (key.SequenceEqual("ServiceTags"u8)) tags = MsgPackCollections.ReadTexts(ref reader);
            else if (key.SequenceEqual("Status"u8)) status = Statuses.Read(ref reader);
            else if (key.SequenceEqual("Timeout"u8)) timeout = reader.ReadText();
            else if (key.SequenceEqual("Type"u8)) type = reader.ReadText();
            else reader.Skip();
        }
        return new HealthCheck
        {
            Node = node,
            CheckId = checkId,
            Name = name,
            Status = status,
            Notes = notes,
            Output = output,
            ServiceId = serviceId,
            ServiceName = serviceName,
            ServiceTags = tags,
            Type = type,
            Interval = interval,
            Timeout = timeout,
            ExposedPort = exposedPort,
            Definition = definition,
            CreateIndex = created,
            ModifyIndex = modified,
        };
    }
}
