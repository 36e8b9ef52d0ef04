using System.Text;
using System.Text.Json;

namespace Conclave.Conformance.Player;

/// <summary>An answer, with the moments when the request began and the answer was complete.</summary>
internal sealed record RawResponse(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body, long BegunAt, long EndedAt)
{
    public double Seconds => TimeProvider.System.GetElapsedTime(BegunAt, EndedAt).TotalSeconds;

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>All values of a header in one text, or null when it is missing.</summary>
    public string? Header(string name)
    {
        var values = Headers.Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).ToList();
        return values.Count == 0 ? null : string.Join(", ", values);
    }

    public JsonElement Json()
    {
        using var document = JsonDocument.Parse(Body, new JsonDocumentOptions { MaxDepth = 256 });
        return document.RootElement.Clone();
    }
}
