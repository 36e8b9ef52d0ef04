using System.Text;
using Conclave.Http.Requests;

namespace Conclave.Fuzz.Targets;

/// <summary>A query string: reading ends, decoding stays within its buffer, and the canonical form is canonical.</summary>
internal static class QueryTarget
{
    public static void Run(ReadOnlySpan<byte> data)
    {
        string query = Encoding.Latin1.GetString(data);
        var rest = query.AsSpan();
        int pairs = 0;
        while (QueryText.TryNext(ref rest, out var name, out var value))
        {
            var into = new byte[3 * Math.Max(name.Length, value.Length)];
            if (QueryText.TryDecode(name, into, out int nameBytes)) Promise.Holds(nameBytes <= name.Length, "names do not grow");
            if (QueryText.TryDecode(value, into, out int valueBytes)) Promise.Holds(valueBytes <= value.Length, "values do not grow");
            pairs++;
        }
        Promise.Holds(pairs <= query.Length, "each pair takes a character");
        string canonical = QueryText.Canonical(query);
        Promise.Holds(QueryText.Canonical(canonical) == canonical, "the canonical form stays the same");
    }
}
