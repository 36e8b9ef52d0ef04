using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Conclave.Conformance.Player;

/// <summary>Makes the request of a step.</summary>
internal static class RequestBuilder
{
    public static RawRequest Build(JsonElement step, PlayState state, string? defaultToken)
    {
        var target = state.Fill(step.GetProperty("path").GetString()!);
        var method = step.GetProperty("method").GetString()!;
        var headers = new List<KeyValuePair<string, string>>();
        if (step.TryGetProperty("headers", out var own))
            foreach (var header in own.EnumerateObject()) headers.Add(new(header.Name, state.Fill(header.Value.GetString()!)));
        if (defaultToken is not null && !target.Contains("token=", StringComparison.Ordinal) && !headers.Any(header => CarriesToken(header.Key)))
            headers.Add(new("X-Consul-Token", defaultToken));
        var body = BodyOf(step, state) ?? (method is "PUT" or "POST" ? [] : null);
        return new RawRequest(method, target, headers, body, step.TryGetProperty("chunked", out var chunked) && chunked.GetBoolean());
    }

    private static bool CarriesToken(string header) =>
        header.Equals("X-Consul-Token", StringComparison.OrdinalIgnoreCase) || header.Equals("Authorization", StringComparison.OrdinalIgnoreCase);

    private static byte[]? BodyOf(JsonElement step, PlayState state)
    {
        if (step.TryGetProperty("json", out var json)) return Encoding.UTF8.GetBytes(FillJson(json, state)?.ToJsonString() ?? "null");
        if (step.TryGetProperty("body", out var text)) return Encoding.UTF8.GetBytes(state.Fill(text.GetString()!));
        if (step.TryGetProperty("body_b64", out var bytes)) return Convert.FromBase64String(bytes.GetString()!);
        if (step.TryGetProperty("body_repeat", out var repeat))
            return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(repeat.GetProperty("text").GetString()!, repeat.GetProperty("count").GetInt32())));
        return step.TryGetProperty("body_capture", out var captured) ? state.CapturedBody(captured.GetString()!) : null;
    }

    private static JsonNode? FillJson(JsonElement value, PlayState state)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return JsonValue.Create(state.Fill(value.GetString()!));
            case JsonValueKind.Array:
                return new JsonArray([.. value.EnumerateArray().Select(item => FillJson(item, state))]);
            case JsonValueKind.Object when value.EnumerateObject().ToList() is [{ Name: "$ref" } reference]:
                return JsonNode.Parse(state.Captured(reference.Value.GetString()!).GetRawText());
            case JsonValueKind.Object:
                var filled = new JsonObject();
                foreach (var property in value.EnumerateObject()) filled[property.Name] = FillJson(property.Value, state);
                return filled;
            default:
                return JsonNode.Parse(value.GetRawText());
        }
    }
}
