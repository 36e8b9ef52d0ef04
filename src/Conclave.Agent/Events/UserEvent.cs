namespace Conclave.Agent.Events;

/// <summary>A user event.</summary>
public sealed record UserEvent
{
    /// <summary>Bound of <see cref="WireBytes"/>.</summary>
    public const int WireBytesMax = 512;

    /// <summary>What the one who fires too large an event is told.</summary>
    public static string TooLargeError { get; } = BroadcastError($"user event exceeds configured limit of {WireBytesMax} bytes before encoding");

    /// <summary>UUID, made by the agent that fired it.</summary>
    public required string Id { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Payload; null when none was given.</summary>
    public byte[]? Payload { get; init; }

    /// <summary>Pattern that the node's name must contain; empty for every node.</summary>
    public string NodeFilter { get; init; } = "";

    /// <summary>Pattern that the name of a service of the node must contain; empty for none.</summary>
    public string ServiceFilter { get; init; } = "";

    /// <summary>Pattern that a tag of that service must contain; empty for none.</summary>
    public string TagFilter { get; init; } = "";

    /// <summary>Version of the format.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Lamport time at which the event arrived here; 0 in the answer to the one who fired it.</summary>
    public ulong LTime { get; init; }

    /// <summary>The event's number for blocking reads: both halves of the id combined. Not ordered: it only tells events apart.</summary>
    public ulong Index
    {
        get
        {
            ulong high = 0, low = 0;
            var digits = 0;
            foreach (char c in Id)
            {
                if (!char.IsAsciiHexDigit(c)) continue;
                ulong digit = (ulong)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
                if (digits++ < 16) high = high << 4 | digit;
                else low = low << 4 | digit;
            }
            return high ^ low;
        }
    }

    /// <summary>The pool's reason for not sending an event, in the words around it that clients see.</summary>
    public static string BroadcastError(string reason) => $"1 error occurred:\n\t* error broadcasting event to segment \"\": {reason}\n\n";

    /// <summary>Size of the event as it travels, before the gossip layer adds its own framing.</summary>
    public int WireBytes()
    {
        int size = 1 + Field("ID", Id.Length) + Field("Name", Name.Length) + Field("Payload", Payload?.Length ?? 0) + Field("Version", 0);
        if (NodeFilter.Length > 0) size += Field("NodeFilter", NodeFilter.Length);
        if (ServiceFilter.Length > 0) size += Field("ServiceFilter", ServiceFilter.Length);
        if (TagFilter.Length > 0) size += Field("TagFilter", TagFilter.Length);
        return size + "consul:event:".Length + Name.Length;
    }

    private static int Field(string name, int length) => 1 + name.Length + length + (length < 32 ? 1 : 3);
}
