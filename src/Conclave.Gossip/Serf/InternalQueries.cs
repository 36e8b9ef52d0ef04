using System.Text;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Serf;

/// <summary>Answers to Serf's own queries, which the application never sees.</summary>
internal sealed class InternalQueries(SerfContext context, MemberBook book, Answers answers)
{
    public const string Ping = "_serf_ping", Conflict = "_serf_conflict";

    private const int MemberBytesMax = 2 * GossipLimits.MetaBytesMax + 1024;

    private readonly KeyRequests _keys = new(context);

    public static string NameOf(KeyOperation operation) => operation switch
    {
        KeyOperation.Install => "_serf_install-key",
        KeyOperation.Use => "_serf_use-key",
        KeyOperation.Remove => "_serf_remove-key",
        _ => "_serf_list-keys",
    };

    public void Answer(string name, in AnswerAddress address, ReadOnlySpan<byte> payload)
    {
        switch (name)
        {
            case Ping: return;                                  // the acknowledgement is the answer
            case Conflict: AnswerConflict(address, payload); return;
            case "_serf_install-key": AnswerKey(address, KeyOperation.Install, payload); return;
            case "_serf_use-key": AnswerKey(address, KeyOperation.Use, payload); return;
            case "_serf_remove-key": AnswerKey(address, KeyOperation.Remove, payload); return;
            case "_serf_list-keys": AnswerList(address); return;
            default:
                context.MessagesDropped++;
                context.LogOfOthers(GossipLogLevel.Warning, "Unhandled internal query");
                return;
        }
    }

    // Says whom we know under the name. Whose name it is stays silent: of itself everybody knows only good.
    private void AnswerConflict(in AnswerAddress address, ReadOnlySpan<byte> name)
    {
        if (Encoding.UTF8.GetString(name) == context.Config.Name) return;
        using var output = new Core.PooledBuffer(MemberBytesMax);
        var record = book.Find(name);
        if (record is null) GossipCodec.Encode(output, new SerfMember { IsUnknown = true });
        else WriteMember(output, record);
        if (!answers.TrySend(address, QueryFlags.None, output.WrittenSpan)) context.LogOfOthers(GossipLogLevel.Warning, "An answer about a member is too long to be sent");
    }

    private static void WriteMember(Core.PooledBuffer output, MemberRecord record)
    {
        Span<byte> bytes = stackalloc byte[GossipEndpoint.AddressBytesMax];
        ReadOnlySpan<byte> address = bytes[..record.Endpoint.CopyAddress(bytes)];
        using var tags = new EncodedListBuilder<TagElement>(MemberBytesMax);
        foreach (var (key, value) in MemberTags.Decode(record.Meta.Span)) tags.Add(new TagElement(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value)));
        GossipCodec.Encode(output, new SerfMember
        {
            Name = record.Key.Utf8,
            Addr = address,
            Port = record.Endpoint.Port,
            Tags = tags.List,
            Status = (int)record.Status,
            Versions = ProtocolVersions.Unpack(record.Versions),
        });
    }

    private void AnswerKey(in AnswerAddress address, KeyOperation operation, ReadOnlySpan<byte> payload)
    {
        string error;
        try
        {
            error = payload.IsEmpty || payload[0] != (byte)SerfMessageType.KeyRequest
                ? "Failed to decode key request"
                : _keys.Carry(operation, GossipCodec.Decode<KeyRequest>(payload[1..]).Key.Span);
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            error = "Failed to decode key request";
        }
        if (error.Length > 0) context.LogOfOthers(GossipLogLevel.Error, error);
        TrySend(address, new KeyResponse { Result = error.Length == 0, Message = Encoding.UTF8.GetBytes(error) });
    }

    // As many keys as an answer has room for.
    private void AnswerList(in AnswerAddress address)
    {
        context.LogOfOthers(GossipLogLevel.Info, "Received list-keys query");
        if (context.Swim.Keyring is not { } keyring)
        {
            context.LogOfOthers(GossipLogLevel.Error, KeyRequests.Empty);
            TrySend(address, new KeyResponse { Message = Encoding.UTF8.GetBytes(KeyRequests.Empty) });
            return;
        }
        int all = keyring.Keys.Count;
        for (int shown = all; shown >= 0; shown--)
        {
            using var keys = new EncodedListBuilder<TextElement>(GossipLimits.QueryBytesMax * 4);
            for (int i = 0; i < shown; i++) keys.Add(new TextElement(Encoding.ASCII.GetBytes(keyring.Keys[i].ToBase64())));
            string message = shown == all ? "" : $"truncated key list response, showing first {shown} of {all} keys";
            if (TrySend(address, new KeyResponse
            {
                Result = true,
                Message = Encoding.ASCII.GetBytes(message),
                Keys = keys.List,
                PrimaryKey = Encoding.ASCII.GetBytes(keyring.Primary.ToBase64()),
            })) return;
        }
    }

    private bool TrySend(in AnswerAddress address, in KeyResponse response)
    {
        using var output = new Core.PooledBuffer(GossipLimits.QueryBytesMax);
        GossipCodec.Encode(output, response);
        return answers.TrySend(address, QueryFlags.None, output.WrittenSpan);
    }
}
