using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Conclave.State;

/// <summary>A 64-bit hash that is the same in each process and on each machine. Not for keeping attackers out: it finds our own divergences.</summary>
internal struct StateHash(ulong seed)
{
    private const ulong Prime = 0x9E3779B97F4A7C15;

    private ulong _state = seed * Prime ^ 0xD6E8FEB86659FD93;

    public void Add(ulong value)
    {
        var product = Math.BigMul(_state ^ value, Prime, out var low);
        _state = BitOperations.RotateLeft(product ^ low, 29) + Prime;
    }

    public void Add(long value) => Add(unchecked((ulong)value));

    public void Add(bool value) => Add(value ? 1UL : 2UL);

    public void Add(double value) => Add(BitConverter.DoubleToUInt64Bits(value));

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Add((ulong)bytes.Length);
        while (bytes.Length >= 8)
        {
            Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        if (bytes.IsEmpty) return;
        ulong tail = 0;
        for (var i = 0; i < bytes.Length; i++) tail |= (ulong)bytes[i] << (8 * i);
        Add(tail);
    }

    public void Add(string? text)
    {
        if (text is null) Add(ulong.MaxValue);
        else if (BitConverter.IsLittleEndian) Add(MemoryMarshal.AsBytes(text.AsSpan()));
        else Add(System.Text.Encoding.Unicode.GetBytes(text));
    }

    public void Add(IReadOnlyList<string>? list)
    {
        Add(list is null ? ulong.MaxValue : (ulong)list.Count);
        for (var i = 0; i < (list?.Count ?? 0); i++) Add(list![i]);
    }

    /// <summary>Pairs count regardless of their order: maps have none.</summary>
    public void Add(IReadOnlyDictionary<string, string>? map)
    {
        Add(map is null ? ulong.MaxValue : (ulong)map.Count);
        if (map is null) return;
        ulong sum = 0;
        foreach (var (key, value) in map)
        {
            var pair = new StateHash(1);
            pair.Add(key);
            pair.Add(value);
            sum += pair.Value;
        }
        Add(sum);
    }

    public readonly ulong Value
    {
        get
        {
            var x = _state;
            x ^= x >> 32;
            x *= 0xD6E8FEB86659FD93;
            x ^= x >> 32;
            return x;
        }
    }
}
