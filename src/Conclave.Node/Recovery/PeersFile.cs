using System.Text;
using System.Text.Json;
using Conclave.Raft;

namespace Conclave.Node;

/// <summary>One server as the operator wrote it.</summary>
/// <param name="Id">Its id; null in the form that lists addresses only.</param>
/// <param name="Address"><c>ip:port</c>.</param>
/// <param name="Suffrage">Whether it counts for a quorum.</param>
internal readonly record struct PeersEntry(string? Id, string Address, Suffrage Suffrage);

/// <summary>
/// Reads <c>peers.json</c>: an array of objects with <c>id</c>, <c>address</c> and an optional <c>non_voter</c>, or an array of addresses. Names of fields match in any case and
/// unknown ones are passed over, as the peers do it.
/// </summary>
internal static class PeersFile
{
    /// <summary>Largest file that is read.</summary>
    public const int BytesMax = 1 << 20;

    // As many as a configuration entry may hold.
    private const int ServersMax = 1024;
    // What the log can record as the receiver of a vote.
    private const int IdBytesMax = 255;

    /// <summary>The entries as they stand in the file.</summary>
    /// <exception cref="FormatException">The file is not such a list; the message says why.</exception>
    public static List<PeersEntry> Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return ReadList(json);
        }
        catch (JsonException malformed)
        {
            throw new FormatException($"invalid JSON in line {malformed.LineNumber + 1} at byte {malformed.BytePositionInLine + 1}", malformed);
        }
        catch (InvalidOperationException malformed)
        {
            throw new FormatException("a text in it is not valid Unicode", malformed);
        }
    }

    /// <summary>Makes a configuration of the entries. Ids that are not given come from <paramref name="known"/>, by address; a server that is not there either goes by its address.</summary>
    /// <exception cref="FormatException">The servers contradict each other, or nobody could vote.</exception>
    public static Configuration Resolve(List<PeersEntry> entries, RaftServer self, Configuration known)
    {
        var servers = new List<RaftServer>(entries.Count);
        foreach (var entry in entries)
        {
            string id = entry.Id ?? IdOf(entry.Address, self, known);
            if (Encoding.UTF8.GetByteCount(id) > IdBytesMax) throw new FormatException($"an ID is longer than {IdBytesMax} bytes");
            servers.Add(new RaftServer(id, entry.Address, entry.Suffrage));
        }
        Configuration configuration;
        try
        {
            configuration = new Configuration(servers);
        }
        catch (ArgumentException contradiction)
        {
            throw new FormatException(contradiction.Message, contradiction);
        }
        return configuration.VoterCount > 0 ? configuration : throw new FormatException("need at least one voter in configuration");
    }

    // This server knows best who it is: its id may have changed since the configuration was made.
    private static string IdOf(string address, RaftServer self, Configuration known)
    {
        if (address == self.Address) return self.Id;
        foreach (var server in known.Servers)
            if (server.Address == address) return server.Id;
        return address;
    }

    private static List<PeersEntry> ReadList(ReadOnlySpan<byte> json)
    {
        // Not the final block: then an end in the middle is "no further token" instead of an error of syntax.
        var reader = new Utf8JsonReader(json, isFinalBlock: false, state: default);
        if (!reader.Read()) throw new FormatException(json.Trim(" \t\r\n"u8).IsEmpty ? "EOF" : "unexpected EOF");
        if (reader.TokenType != JsonTokenType.StartArray) throw new FormatException("the file must be an array of servers");
        var entries = new List<PeersEntry>();
        while (Next(ref reader) != JsonTokenType.EndArray)
        {
            if (entries.Count == ServersMax) throw new FormatException($"there are more than {ServersMax} servers");
            var entry = ReadEntry(ref reader);
            if (entries.Count > 0 && entries[0].Id is null != entry.Id is null) throw new FormatException("the array mixes servers and addresses");
            entries.Add(entry);
        }
        if (!json[(int)reader.BytesConsumed..].Trim(" \t\r\n"u8).IsEmpty) throw new FormatException("there is something behind the array of servers");
        return entries;
    }

    private static PeersEntry ReadEntry(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String when reader.GetString() is { Length: > 0 } address => new PeersEntry(null, address, Suffrage.Voter),
        JsonTokenType.String => throw new FormatException("empty address in configuration"),
        JsonTokenType.StartObject => ReadServer(ref reader),
        _ => throw new FormatException("an element of the array is neither a server nor an address"),
    };

    private static PeersEntry ReadServer(ref Utf8JsonReader reader)
    {
        string id = "", address = "";
        var suffrage = Suffrage.Voter;
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            string name = reader.GetString()!;
            Next(ref reader);
            if (name.Equals("id", StringComparison.OrdinalIgnoreCase)) id = ReadText(ref reader, name);
            else if (name.Equals("address", StringComparison.OrdinalIgnoreCase)) address = ReadText(ref reader, name);
            else if (name.Equals("non_voter", StringComparison.OrdinalIgnoreCase)) suffrage = ReadTruth(ref reader, name) ? Suffrage.Nonvoter : Suffrage.Voter;
            else Skip(ref reader);
        }
        return new PeersEntry(id, address, suffrage);
    }

    private static string ReadText(ref Utf8JsonReader reader, string name) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString()!,
        JsonTokenType.Null => "",
        _ => throw new FormatException($"{name} must be a text"),
    };

    private static bool ReadTruth(ref Utf8JsonReader reader, string name) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False or JsonTokenType.Null => false,
        _ => throw new FormatException($"{name} must be true or false"),
    };

    private static void Skip(ref Utf8JsonReader reader)
    {
        if (!reader.TrySkip()) throw new FormatException("unexpected EOF");
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) => reader.Read() ? reader.TokenType : throw new FormatException("unexpected EOF");
}
