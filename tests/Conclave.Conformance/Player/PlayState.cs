using System.Text.Json;
using System.Text.RegularExpressions;

namespace Conclave.Conformance.Player;

/// <summary>What a case has learned so far: captured values, index symbols, and the facts about the server.</summary>
internal sealed partial class PlayState(IReadOnlyDictionary<string, string> facts)
{
    private Dictionary<string, JsonElement> _captured = [];
    private Dictionary<string, byte[]> _bodies = [];
    private Dictionary<string, decimal> _indexes = [];

    public PlayState Copy() => new(facts) { _captured = new(_captured), _bodies = new(_bodies), _indexes = new(_indexes) };

    public void Adopt(PlayState other) => (_captured, _bodies, _indexes) = (other._captured, other._bodies, other._indexes);

    public void Capture(string name, JsonElement value) => _captured[name] = value;

    public void CaptureBody(string name, byte[] body) => _bodies[name] = body;

    public JsonElement Captured(string name) => _captured.TryGetValue(name, out var value) ? value : throw new UnboundValueException($"${{capture:{name}}}");

    public byte[] CapturedBody(string name) => _bodies.TryGetValue(name, out var body) ? body : throw new UnboundValueException($"body {name}");

    /// <summary>Replaces <c>${capture:x}</c> and <c>${agent:y}</c>; other texts of that form belong to the case.</summary>
    public string Fill(string text, Func<string, string>? escape = null) =>
        Reference().Replace(text, match => escape is null ? ValueOf(match) : escape(ValueOf(match)));

    private string ValueOf(Match match)
    {
        var name = match.Groups[2].Value;
        if (match.Groups[1].Value == "agent") return facts.TryGetValue(name, out var fact) ? fact : throw new UnboundValueException(match.Value);
        var value = Captured(name);
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
    }

    /// <summary>Null when the value fits: a symbol keeps its value, and a &lt; b &lt; c holds for values as for names.</summary>
    public Mismatch? BindIndex(string symbol, decimal value, string path)
    {
        if (_indexes.TryGetValue(symbol, out var seen))
            return seen == value ? null : new Mismatch(path, $"<index {symbol} = {seen} as seen before>", value.ToString());
        foreach (var (other, otherValue) in _indexes)
        {
            var order = Compare(other, symbol);
            if (order < 0 && otherValue >= value) return new Mismatch(path, $"<index {symbol} greater than {other} = {otherValue}>", value.ToString());
            if (order > 0 && otherValue <= value) return new Mismatch(path, $"<index {symbol} less than {other} = {otherValue}>", value.ToString());
        }
        _indexes.Add(symbol, value);
        return null;
    }

    private static int Compare(string a, string b) => a.Length != b.Length ? a.Length.CompareTo(b.Length) : string.CompareOrdinal(a, b);

    [GeneratedRegex(@"\$\{(capture|agent):([A-Za-z0-9_]+)\}")]
    private static partial Regex Reference();
}
