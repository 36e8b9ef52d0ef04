using System.Text;
using System.Text.Json;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Kv;

/// <summary>A key as <c>/v1/kv</c> answers it.</summary>
internal sealed record KvPair(string Key, byte[] Value, ulong Flags, string Session, ulong LockIndex, ulong CreateIndex, ulong ModifyIndex)
{
    public static KvPair From(JsonElement entry) => new(
        entry.Text("Key"),
        entry.Field("Value") is { ValueKind: JsonValueKind.String } value ? value.GetBytesFromBase64() : [],
        entry.Unsigned("Flags"),
        entry.Text("Session"),
        entry.Unsigned("LockIndex"),
        entry.Unsigned("CreateIndex"),
        entry.Unsigned("ModifyIndex"));

    /// <summary>The value as printed: text as it is, or base64.</summary>
    public string Shown(bool base64) => base64 ? Convert.ToBase64String(Value) : Encoding.UTF8.GetString(Value);

    /// <summary>One field per line.</summary>
    public string Detailed(bool base64)
    {
        var value = Shown(base64);
        return $"CreateIndex      {CreateIndex}\nFlags            {Flags}\nKey              {Key}\nLockIndex        {LockIndex}\nModifyIndex      {ModifyIndex}\n"
            + $"Session          {(Session.Length == 0 ? "-" : Session)}\nValue{(value.Length == 0 ? "" : "            " + value)}\n";
    }
}
