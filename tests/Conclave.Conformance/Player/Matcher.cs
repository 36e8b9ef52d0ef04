using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Conclave.Conformance.Player;

/// <summary>Compares an answer with an expectation that may hold matchers. Null means that it fits; what it binds goes into the state.</summary>
internal static class Matcher
{
    public static Mismatch? Match(JsonElement expected, JsonElement got, string path, PlayState state)
    {
        if (IsSpecial(expected)) return MatchSpecial(expected, got, path, state);
        if (got.ValueKind == JsonValueKind.Undefined) return Mismatch.At(path, expected, got);
        switch (expected.ValueKind)
        {
            case JsonValueKind.String:
                var want = state.Fill(expected.GetString()!);
                return got.ValueKind == JsonValueKind.String && got.GetString() == want ? null : Mismatch.At(path, JsonSerializer.Serialize(want), got);
            case JsonValueKind.Number:
                return got.ValueKind == JsonValueKind.Number && JsonElement.DeepEquals(expected, got) ? null : Mismatch.At(path, expected, got);
            case JsonValueKind.Array:
                return MatchArray(expected, got, path, state);
            case JsonValueKind.Object:
                return MatchObject(expected, got, path, state, exact: true);
            default:
                return got.ValueKind == expected.ValueKind ? null : Mismatch.At(path, expected, got);
        }
    }

    private static bool IsSpecial(JsonElement expected)
    {
        if (expected.ValueKind != JsonValueKind.Object) return false;
        foreach (var property in expected.EnumerateObject())
            if (property.Name.StartsWith('$')) return true;
        return false;
    }

    private static Mismatch? MatchArray(JsonElement expected, JsonElement got, string path, PlayState state)
    {
        if (got.ValueKind != JsonValueKind.Array) return Mismatch.At(path, expected, got);
        var (want, have) = (expected.GetArrayLength(), got.GetArrayLength());
        for (var i = 0; i < want; i++)
        {
            var place = $"{path}[{i}]";
            if (i >= have) return Mismatch.At(place, expected[i], default, $"array has {have} elements, expected {want}");
            if (Match(expected[i], got[i], place, state) is { } difference) return difference;
        }
        return have > want ? Mismatch.At($"{path}[{want}]", "<nothing>", got[want], $"array has {have} elements, expected {want}") : null;
    }

    private static Mismatch? MatchObject(JsonElement expected, JsonElement got, string path, PlayState state, bool exact)
    {
        if (got.ValueKind != JsonValueKind.Object) return Mismatch.At(path, expected, got);
        var known = new HashSet<string>();
        foreach (var property in expected.EnumerateObject())
        {
            var name = state.Fill(property.Name);
            known.Add(name);
            got.TryGetProperty(name, out var value);
            if (Match(property.Value, value, $"{path}.{name}", state) is { } difference) return difference;
        }
        if (!exact) return null;
        foreach (var property in got.EnumerateObject())
            if (!known.Contains(property.Name)) return Mismatch.At($"{path}.{property.Name}", "<nothing>", property.Value, "field the reference does not send");
        return null;
    }

    private static Mismatch? MatchSpecial(JsonElement expected, JsonElement got, string path, PlayState state)
    {
        var missing = got.ValueKind == JsonValueKind.Undefined;
        if (expected.TryGetProperty("$absent", out _)) return missing ? null : Mismatch.At(path, "<absent>", got);
        if (expected.TryGetProperty("$optional", out var optional)) return missing ? null : Match(optional, got, path, state);
        if (missing) return Mismatch.At(path, expected, got);
        return MatchValue(expected, got, path, state) ?? MatchParts(expected, got, path, state) ?? Capture(expected, got, state);
    }

    private static Mismatch? Capture(JsonElement expected, JsonElement got, PlayState state)
    {
        if (expected.TryGetProperty("$capture", out var name)) state.Capture(name.GetString()!, got);
        return null;
    }

    /// <summary>Matchers that look at the value as a whole.</summary>
    private static Mismatch? MatchValue(JsonElement expected, JsonElement got, string path, PlayState state)
    {
        if (expected.TryGetProperty("$any", out var kind) && !ValueKinds.Fits(kind.GetString()!, got)) return Mismatch.At(path, $"<{kind.GetString()}>", got);
        if (expected.TryGetProperty("$regex", out var regex) && MatchRegex(regex.GetString()!, got, path, state) is { } unlike) return unlike;
        if (expected.TryGetProperty("$index", out var symbol))
        {
            if (!ValueKinds.IsIndex(got)) return Mismatch.At(path, "<index>", got);
            if (state.BindIndex(symbol.GetString()!, ValueKinds.Number(got), path) is { } disorder) return disorder;
        }
        if (expected.TryGetProperty("$ref", out var reference) && state.Captured(reference.GetString()!) is var captured && !JsonElement.DeepEquals(captured, got))
            return Mismatch.At(path, captured, got);
        if (expected.TryGetProperty("$not", out var not) && Match(not, got, path, state.Copy()) is null)
            return Mismatch.At(path, $"<anything but {Mismatch.Show(not)}>", got);
        if (expected.TryGetProperty("$range", out var range) && !InRange(range, got)) return Mismatch.At(path, $"<number in {range.GetRawText()}>", got);
        if (expected.TryGetProperty("$len", out var length) && LengthOf(got) != length.GetInt32()) return Mismatch.At(path, $"<length {length.GetInt32()}>", got);
        return null;
    }

    /// <summary>Matchers that look into the value.</summary>
    private static Mismatch? MatchParts(JsonElement expected, JsonElement got, string path, PlayState state)
    {
        if (expected.TryGetProperty("$each", out var each) && MatchEach(each, got, path, state) is { } odd) return odd;
        if (expected.TryGetProperty("$oneof", out var alternatives) && !MatchOne(alternatives, got, path, state)) return Mismatch.At(path, expected, got);
        if (expected.TryGetProperty("$has", out var has) && MatchObject(has, got, path, state, exact: false) is { } lacking) return lacking;
        if (expected.TryGetProperty("$unordered", out var unordered))
        {
            if (got.ValueKind != JsonValueKind.Array) return Mismatch.At(path, unordered, got);
            if (got.GetArrayLength() != unordered.GetArrayLength())
                return Mismatch.At(path, unordered, got, $"{got.GetArrayLength()} elements, expected {unordered.GetArrayLength()}");
            if (Assignment.Match(unordered, got, path, state) is { } unassigned) return unassigned;
        }
        if (expected.TryGetProperty("$contains", out var contains))
            return got.ValueKind == JsonValueKind.Array ? Assignment.Match(contains, got, path, state) : Mismatch.At(path, contains, got);
        return null;
    }

    private static Mismatch? MatchRegex(string pattern, JsonElement got, string path, PlayState state)
    {
        var filled = state.Fill(pattern, Regex.Escape);
        var fits = got.ValueKind == JsonValueKind.String && Regex.IsMatch(got.GetString()!, $@"\A(?:{filled})\z", RegexOptions.Singleline | RegexOptions.CultureInvariant);
        return fits ? null : Mismatch.At(path, $"<text matching /{filled}/>", got);
    }

    private static Mismatch? MatchEach(JsonElement each, JsonElement got, string path, PlayState state)
    {
        if (got.ValueKind != JsonValueKind.Array) return Mismatch.At(path, "<array>", got);
        for (var i = 0; i < got.GetArrayLength(); i++)
            if (Match(each, got[i], $"{path}[{i}]", state) is { } difference) return difference;
        return null;
    }

    private static bool MatchOne(JsonElement alternatives, JsonElement got, string path, PlayState state)
    {
        foreach (var alternative in alternatives.EnumerateArray())
        {
            var trial = state.Copy();
            if (Match(alternative, got, path, trial) is not null) continue;
            state.Adopt(trial);
            return true;
        }
        return false;
    }

    private static bool InRange(JsonElement range, JsonElement got)
    {
        double value;
        if (got.ValueKind == JsonValueKind.Number) value = got.GetDouble();
        else if (got.ValueKind != JsonValueKind.String || !double.TryParse(got.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out value)) return false;
        return !(range[0].ValueKind == JsonValueKind.Number && value < range[0].GetDouble())
            && !(range[1].ValueKind == JsonValueKind.Number && value > range[1].GetDouble());
    }

    private static int LengthOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength(),
        JsonValueKind.Object => value.EnumerateObject().Count(),
        JsonValueKind.String => value.GetString()!.EnumerateRunes().Count(),
        _ => -1,
    };
}
