using System.Text;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Serf;

/// <summary>An operation on the keys of all members: counts what they say and completes the request once all have answered or the time is over.</summary>
internal sealed class KeyQuery(SerfContext context, long request) : OwnQuery(context)
{
    // A response of 1,024 bytes has room for about forty keys; only made-up ones could fill a list of all of them.
    private const int KeysMax = 4096;

    private readonly SortedDictionary<string, string> _messages = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _keys = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _primaryKeys = new(StringComparer.Ordinal);
    private int _answers, _errors;

    public override bool IsComplete => _answers >= Asked;

    public override void OnDone()
    {
        string? error = _errors > 0 ? $"{_errors}/{Asked} nodes reported failure" : _answers != Asked ? $"{_answers}/{Asked} nodes reported success" : null;
        Context.Outbox.Complete(new GossipCompletion(request, error, Keys: new KeyReport(Asked, _answers, _errors, [.. _messages], [.. _keys], [.. _primaryKeys])));
    }

    protected override void OnAck(string from)
    {
        // Not asked for.
    }

    protected override void OnAnswer(string from, ReadOnlySpan<byte> payload)
    {
        _answers++;
        if (payload.IsEmpty || payload[0] != (byte)SerfMessageType.KeyResponse)
        {
            Fail(from, "Invalid key query response type");
            return;
        }
        try
        {
            Count(from, GossipCodec.Decode<KeyResponse>(payload[1..]));
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            Fail(from, "Failed to decode key query response");  // without the bytes, which may hold keys
        }
    }

    private void Count(string from, in KeyResponse response)
    {
        if (!response.Result) _errors++;
        if (!response.Result || response.Message.Length > 0) _messages[from] = Encoding.UTF8.GetString(response.Message);
        foreach (var key in response.Keys) Count(_keys, key.Utf8);
        if (response.PrimaryKey.Length > 0) Count(_primaryKeys, response.PrimaryKey);
    }

    private void Fail(string from, string message)
    {
        _errors++;
        _messages[from] = message;
    }

    private static void Count(SortedDictionary<string, int> counts, ReadOnlySpan<byte> key)
    {
        string text = Encoding.UTF8.GetString(key);
        if (counts.TryGetValue(text, out int count)) counts[text] = count + 1;
        else if (counts.Count < KeysMax) counts[text] = 1;
    }
}
