using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Conclave.Core.Model;

/// <summary>
/// A small immutable map from text, sorted by the keys' UTF-8 bytes: the order of the wire and of JSON answers. It enumerates the same way in every
/// process and takes two arrays, which suits the many small maps of a catalog better than a hash table each.
/// </summary>
/// <typeparam name="TValue">Type of the values.</typeparam>
public sealed class TextMap<TValue> : IReadOnlyDictionary<string, TValue>
{
    private readonly string[] _keys;
    private readonly TValue[] _values;

    private TextMap(string[] keys, TValue[] values) => (_keys, _values) = (keys, values);

    /// <summary>The map without entries.</summary>
    public static TextMap<TValue> Empty { get; } = new([], []);

    /// <inheritdoc/>
    public int Count => _keys.Length;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _keys;

    /// <inheritdoc/>
    public IEnumerable<TValue> Values => _values;

    /// <inheritdoc/>
    public TValue this[string key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException(key);

    /// <summary>The key at <paramref name="position"/> in sorted order.</summary>
    public string KeyAt(int position) => _keys[position];

    /// <summary>The value at <paramref name="position"/> in the keys' order.</summary>
    public TValue ValueAt(int position) => _values[position];

    /// <summary>A map with these pairs; of pairs with equal keys the last one counts.</summary>
    public static TextMap<TValue> From(IEnumerable<KeyValuePair<string, TValue>> pairs)
    {
        if (pairs is TextMap<TValue> same) return same;
        var keys = new List<string>();
        var values = new List<TValue>();
        foreach (var (key, value) in pairs)
        {
            keys.Add(key);
            values.Add(value);
        }
        return Build(keys, values);
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => Array.BinarySearch(_keys, key, Utf8Order.Instance) >= 0;

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out TValue value)
    {
        int position = Array.BinarySearch(_keys, key, Utf8Order.Instance);
        value = position >= 0 ? _values[position] : default;
        return position >= 0;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, TValue>> GetEnumerator()
    {
        for (int i = 0; i < _keys.Length; i++) yield return new(_keys[i], _values[i]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A map out of two lists of equal length, in any order; of equal keys the last one counts.</summary>
    internal static TextMap<TValue> Build(List<string> keys, List<TValue> values)
    {
        if (keys.Count == 0) return Empty;
        var sortedKeys = keys.ToArray();
        var sortedValues = values.ToArray();
        if (!IsStrictlySorted(sortedKeys)) SortAndDropRepeats(ref sortedKeys, ref sortedValues);
        return new(sortedKeys, sortedValues);
    }

    private static bool IsStrictlySorted(string[] keys)
    {
        for (int i = 1; i < keys.Length; i++)
            if (Utf8Order.Instance.Compare(keys[i - 1], keys[i]) >= 0) return false;
        return true;
    }

    private static void SortAndDropRepeats(ref string[] keys, ref TValue[] values)
    {
        // The sort is not stable, so the place of arrival decides between equal keys.
        var order = new int[keys.Length];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        var (unsortedKeys, unsortedValues) = (keys, values);
        Array.Sort(order, (a, b) => Utf8Order.Instance.Compare(unsortedKeys[a], unsortedKeys[b]) is var byKey and not 0 ? byKey : a.CompareTo(b));

        int kept = 0;
        for (int i = 0; i < order.Length; i++)
        {
            bool repeated = i + 1 < order.Length && unsortedKeys[order[i]] == unsortedKeys[order[i + 1]];
            if (!repeated) order[kept++] = order[i];
        }
        keys = new string[kept];
        values = new TValue[kept];
        for (int i = 0; i < kept; i++) (keys[i], values[i]) = (unsortedKeys[order[i]], unsortedValues[order[i]]);
    }
}
