using System.Text;

namespace Conclave.Core.Codec;

/// <summary>The fields of a message in the order in which peers declare them; a field is known by its place in it.</summary>
internal sealed class FieldNames(params string[] names)
{
    public const int Unknown = -1;

    private readonly byte[][] _names = Array.ConvertAll(names, Encoding.UTF8.GetBytes);

    public int Count => _names.Length;

    /// <summary>Place of the field, or <see cref="Unknown"/>. Case counts, as it does for the peers.</summary>
    public int IndexOf(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _names.Length; i++)
            if (name.SequenceEqual(_names[i])) return i;
        return Unknown;
    }
}
