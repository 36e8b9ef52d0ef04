using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Conclave.Conformance.Player;

/// <summary>Compares one answer with the expectation of its step.</summary>
internal static class AnswerCheck
{
    /// <param name="expected">The step's <c>expect</c>.</param>
    /// <param name="answer">What came.</param>
    /// <param name="state">Takes what the expectation binds.</param>
    /// <param name="previousEnd">When the request before ended; only known for joined requests.</param>
    public static Mismatch? Check(JsonElement expected, RawResponse answer, PlayState state, long? previousEnd = null) =>
        CheckHead(expected, answer, state) ?? CheckBody(expected, answer, state) ?? CheckTimes(expected, answer, previousEnd);

    private static Mismatch? CheckHead(JsonElement expected, RawResponse answer, PlayState state)
    {
        if (expected.TryGetProperty("status", out var status)
            && Matcher.Match(status, JsonSerializer.SerializeToElement(answer.Status), "status", state) is { } wrong)
            return wrong with { Note = $"{wrong.Note} body: {(answer.Text.Length > 300 ? answer.Text[..300] : answer.Text)}" };
        if (!expected.TryGetProperty("headers", out var headers)) return null;
        foreach (var header in headers.EnumerateObject())
        {
            var value = answer.Header(header.Name);
            var element = value is null ? default : JsonSerializer.SerializeToElement(value);
            if (Matcher.Match(header.Value, element, $"header {header.Name}", state) is { } difference) return difference;
        }
        return null;
    }

    private static Mismatch? CheckBody(JsonElement expected, RawResponse answer, PlayState state)
    {
        var body = answer.Body;
        if (expected.TryGetProperty("gunzip", out var gunzip) && gunzip.GetBoolean())
        {
            if (Gunzip(body) is not { } inflated) return new Mismatch("body", "<gzip data>", Shown(body));
            body = inflated;
        }
        if (expected.TryGetProperty("json", out var json))
        {
            if (Parse(body) is not { } got) return new Mismatch("body", "<JSON>", Shown(body));
            if (Matcher.Match(json, got, "$", state) is { } difference) return difference;
        }
        if (expected.TryGetProperty("text", out var text)
            && Matcher.Match(text, JsonSerializer.SerializeToElement(Encoding.UTF8.GetString(body)), "text", state) is { } other) return other;
        if (expected.TryGetProperty("b64", out var bytes) && !Convert.FromBase64String(bytes.GetString()!).AsSpan().SequenceEqual(body))
            return new Mismatch("bytes", bytes.GetString()!, Shown(body));
        if (expected.TryGetProperty("length", out var length)
            && Matcher.Match(length, JsonSerializer.SerializeToElement(body.Length), "length", state) is { } size) return size;
        if (expected.TryGetProperty("capture_body", out var name)) state.CaptureBody(name.GetString()!, answer.Body);
        return null;
    }

    private static Mismatch? CheckTimes(JsonElement expected, RawResponse answer, long? previousEnd)
    {
        if (expected.TryGetProperty("elapsed", out var elapsed) && !Within(elapsed, answer.Seconds))
            return new Mismatch("elapsed", elapsed.GetRawText(), $"<{answer.Seconds:0.000} seconds>");
        if (previousEnd is not { } end || !expected.TryGetProperty("lag", out var lag)) return null;
        var seconds = (answer.EndedAt - end) / (double)TimeProvider.System.TimestampFrequency;
        return Within(lag, seconds) ? null : new Mismatch("lag", lag.GetRawText(), $"<{seconds:0.000} seconds after the previous request>");
    }

    private static bool Within(JsonElement bounds, double seconds) =>
        !(bounds.TryGetProperty("min", out var min) && min.ValueKind == JsonValueKind.Number && seconds < min.GetDouble())
        && !(bounds.TryGetProperty("max", out var max) && max.ValueKind == JsonValueKind.Number && seconds > max.GetDouble());

    private static byte[]? Gunzip(byte[] body)
    {
        try
        {
            using var inflated = new MemoryStream();
            using var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
            gzip.CopyTo(inflated);
            return inflated.ToArray();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static JsonElement? Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 256 });
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Shown(byte[] body) => Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300)));
}
