using System.Reflection;
using System.Runtime.CompilerServices;

namespace Conclave.Simulation;

/// <summary>
/// Bytes of all objects that can be reached from one: what that one keeps alive. Unlike the collector's numbers it is the same in every run and knows nothing
/// of other threads. Slow; an estimate as to padding.
/// </summary>
internal static class ReachableMemory
{
    private const int HeaderBytes = 16, PointerBytes = 8;

    /// <summary>Counts from <paramref name="root"/>; objects of the types in <paramref name="without"/> are passed over with what hangs on them.</summary>
    public static long Of(object root, params Type[] without)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var fields = new Dictionary<Type, FieldInfo[]>();
        var open = new Stack<object>();
        open.Push(root);
        long bytes = 0;
        while (open.TryPop(out var item))
        {
            if (!seen.Add(item)) continue;
            var type = item.GetType();
            if (Array.Exists(without, other => other.IsAssignableFrom(type)) || item is Type or Delegate or MemberInfo or Thread) continue;
            bytes += item switch
            {
                string text => HeaderBytes + 4 + 2L * text.Length,
                Array array => HeaderBytes + array.LongLength * SizeOf(type.GetElementType()!),
                _ => HeaderBytes,
            };
            if (item is Array elements) PushElements(elements, fields, open);
            else if (item is not string) bytes += PushFields(item, type, fields, open);
        }
        return bytes;
    }

    private static void PushElements(Array array, Dictionary<Type, FieldInfo[]> fields, Stack<object> open)
    {
        var type = array.GetType().GetElementType()!;
        if (type.IsPrimitive || type.IsEnum || (type.IsValueType && FieldsOf(type, fields).Length == 0)) return;
        foreach (var element in array)
        {
            if (element is null) continue;
            if (type.IsValueType) PushFields(element, type, fields, open);
            else open.Push(element);
        }
    }

    // Returns the bytes of the fields themselves.
    private static long PushFields(object item, Type type, Dictionary<Type, FieldInfo[]> fields, Stack<object> open)
    {
        long bytes = 0;
        foreach (var field in FieldsOf(type, fields))
        {
            bytes += SizeOf(field.FieldType);
            if (field.FieldType.IsPrimitive || field.FieldType.IsEnum || field.FieldType.IsPointer) continue;
            if (field.GetValue(item) is not { } value) continue;
            if (field.FieldType.IsValueType) PushFields(value, field.FieldType, fields, open);
            else open.Push(value);
        }
        return bytes;
    }

    private static FieldInfo[] FieldsOf(Type type, Dictionary<Type, FieldInfo[]> known)
    {
        if (known.TryGetValue(type, out var fields)) return fields;
        var all = new List<FieldInfo>();
        for (var level = type; level is not null && level != typeof(object); level = level.BaseType)
            all.AddRange(level.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));
        return known[type] = [.. all];
    }

    private static long SizeOf(Type type)
    {
        if (!type.IsValueType) return PointerBytes;
        return (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
    }
}
