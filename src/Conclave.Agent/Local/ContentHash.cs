using System.Text;
using Conclave.Core.Model;

namespace Conclave.Agent.Local;

/// <summary>Hash of what a client can see of a service, the same in every process. Not for secrets.</summary>
internal struct ContentHash
{
    private ulong _hash;

    /// <summary>16 lower-case hex digits that change when the service's content does.</summary>
    public static string Of(NodeService service)
    {
        var hash = new ContentHash { _hash = 0xcbf29ce484222325 };
        hash.Add(service.Kind);
        hash.Add(service.Id);
        hash.Add(service.Service);
        hash.Add(service.Tags);
        hash.Add(service.Address);
        hash.Add(service.Port);
        hash.Add(service.SocketPath);
        hash.Add(service.Meta);
        hash.Add(service.TaggedAddresses);
        hash.Add(service.Weights?.Passing ?? 0);
        hash.Add(service.Weights?.Warning ?? 0);
        hash.Add(service.EnableTagOverride ? 1 : 0);
        hash.AddTree(service.Proxy);
        hash.AddTree(service.Connect);
        return hash._hash.ToString("x16");
    }

    private void Add(byte value) => _hash = (_hash ^ value) * 0x100000001b3;      // FNV-1a

    private void Add(long value)
    {
        for (int shift = 0; shift < 64; shift += 8) Add((byte)(value >> shift));
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        Add(bytes.Length);                                     // the length keeps neighbours apart
        foreach (byte value in bytes) Add(value);
    }

    private void Add(string text) => Add(Encoding.UTF8.GetBytes(text).AsSpan());

    private void Add(IReadOnlyList<string>? list)
    {
        Add(list?.Count ?? 0);
        if (list is null) return;
        foreach (string item in list) Add(item);
    }

    private void Add(IReadOnlyDictionary<string, string>? map)
    {
        Add(map?.Count ?? 0);
        if (map is null) return;
        foreach (string key in Sorted(map.Keys))
        {
            Add(key);
            Add(map[key]);
        }
    }

    private void Add(IReadOnlyDictionary<string, ServiceAddress>? map)
    {
        Add(map?.Count ?? 0);
        if (map is null) return;
        foreach (string key in Sorted(map.Keys))
        {
            Add(key);
            Add(map[key].Address);
            Add(map[key].Port);
        }
    }

    /// <summary>
    /// A generic tree. Fields that say nothing are left out, numbers and the order of fields are made equal: what comes back from the catalog must
    /// hash like what was sent there. Its depth is bounded by whoever decoded it.
    /// </summary>
    private void Add(object? value)
    {
        switch (value)
        {
            case null: Add((byte)0); break;
            case bool flag: Add((byte)(flag ? 2 : 1)); break;
            case long number: Add((byte)3); Add(number); break;
            case ulong number: Add((byte)3); Add((long)number); break;
            case double number: Add((byte)5); Add(BitConverter.DoubleToInt64Bits(number)); break;
            case ReadOnlyMemory<byte> text: Add((byte)6); Add(text.Span); break;
            case MsgPackMap map: AddMap(map); break;
            case IReadOnlyList<object?> list:
                Add((byte)8);
                Add(list.Count);
                foreach (object? item in list) Add(item);
                break;
            default: throw new NotSupportedException($"A generic tree cannot hold a {value.GetType().Name}.");
        }
    }

    /// <summary>An empty tree and none are the same.</summary>
    private void AddTree(MsgPackMap? tree) => Add(IsEmpty(tree) ? null : tree);

    private void AddMap(MsgPackMap map)
    {
        Add((byte)7);
        var fields = new List<KeyValuePair<string, object?>>();
        foreach (var field in map.Fields)
            if (!IsEmpty(field.Value)) fields.Add(field);
        fields.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        foreach (var (key, value) in fields)
        {
            Add(key);
            Add(value);
        }
    }

    /// <summary>Whether a value of a generic tree is its type's zero; a map of zeros is one.</summary>
    private static bool IsEmpty(object? value)
    {
        switch (value)
        {
            case null or false or 0L or 0UL or 0.0 or ReadOnlyMemory<byte> { Length: 0 } or IReadOnlyList<object?> { Count: 0 }: return true;
            case MsgPackMap map:
                foreach (var field in map.Fields)
                    if (!IsEmpty(field.Value)) return false;
                return true;
            default: return false;
        }
    }

    private static string[] Sorted(IEnumerable<string> keys)
    {
        string[] sorted = [.. keys];
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }
}
