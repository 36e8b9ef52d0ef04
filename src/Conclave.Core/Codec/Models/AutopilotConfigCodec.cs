using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>Autopilot's configuration: inside its command, as a snapshot record and in RPC.</summary>
public static class AutopilotConfigCodec
{
    /// <summary>What absent fields mean on the wire; unlike the defaults of a new cluster.</summary>
    internal static AutopilotConfig Zero { get; } = new() { CleanupDeadServers = false, LastContactThresholdNanoseconds = 0, MaxTrailingLogs = 0, ServerStabilizationTimeNanoseconds = 0 };

    /// <summary>Writes the configuration.</summary>
    public static void Write(ref MsgPackWriter writer, AutopilotConfig config)
    {
        writer.WriteMapHeader(10);
        writer.WriteField("CleanupDeadServers"u8, config.CleanupDeadServers);
        writer.WriteField("CreateIndex"u8, config.CreateIndex);
        writer.WriteField("DisableUpgradeMigration"u8, config.DisableUpgradeMigration);
        writer.WriteField("LastContactThreshold"u8, config.LastContactThresholdNanoseconds);
        writer.WriteField("MaxTrailingLogs"u8, config.MaxTrailingLogs);
        writer.WriteField("MinQuorum"u8, config.MinQuorum);
        writer.WriteField("ModifyIndex"u8, config.ModifyIndex);
        writer.WriteField("RedundancyZoneTag"u8, config.RedundancyZoneTag);
        writer.WriteField("ServerStabilizationTime"u8, config.ServerStabilizationTimeNanoseconds);
        writer.WriteField("UpgradeVersionTag"u8, config.UpgradeVersionTag);
    }

    /// <summary>Reads a configuration; missing fields are zero (not the defaults), unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static AutopilotConfig Read(ref MsgPackReader reader)
    {
        bool cleanup = false, noMigration = false;
        long contact = 0, stabilization = 0;
        ulong trailing = 0, created = 0, modified = 0;
        uint quorum = 0;
        string zoneTag = "", versionTag = "";
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("CleanupDeadServers"u8)) cleanup = reader.ReadBool();
            else if (key.SequenceEqual("CreateIndex"u8)) created = reader.ReadUInt64();
            else if (key.SequenceEqual("DisableUpgradeMigration"u8)) noMigration = reader.ReadBool();
            else if (key.SequenceEqual("LastContactThreshold"u8)) contact = reader.ReadInt64();
            else if (key.SequenceEqual("MaxTrailingLogs"u8)) trailing = reader.ReadUInt64();
            else if (key.SequenceEqual("MinQuorum"u8)) quorum = reader.ReadUInt32();
            else if (key.SequenceEqual("ModifyIndex"u8)) modified = reader.ReadUInt64();
            else if (key.SequenceEqual("RedundancyZoneTag"u8)) zoneTag = reader.ReadText();
            else if (key.SequenceEqual("ServerStabilizationTime"u8)) stabilization = reader.ReadInt64();
            else if (key.SequenceEqual("UpgradeVersionTag"u8)) versionTag = reader.ReadText();
            else reader.Skip();
        }
        return new AutopilotConfig
        {
            CleanupDeadServers = cleanup,
            LastContactThresholdNanoseconds = contact,
            MaxTrailingLogs = trailing,
            MinQuorum = quorum,
            ServerStabilizationTimeNanoseconds = stabilization,
            RedundancyZoneTag = zoneTag,
            DisableUpgradeMigration = noMigration,
            UpgradeVersionTag = versionTag,
            CreateIndex = created,
            ModifyIndex = modified,
        };
    }
}
