namespace Conclave.Core.Codec;

/// <summary>
/// Walks over the fields of a message: a map in any order, or an array in declared order. Unknown fields are passed over whatever they hold; nil is a message
/// of zero values. Of a field that comes twice the last one counts.
/// </summary>
internal struct FieldReader
{
    private readonly FieldNames _names;
    private readonly bool _isArray;
    private readonly int _count;
    private int _next;

    public FieldReader(scoped ref MsgPackReader reader, FieldNames names)
    {
        _names = names;
        _isArray = reader.NextKind == MsgPackKind.Array;
        _count = _isArray ? reader.ReadArrayHeader() : reader.ReadMapHeader();
    }

    /// <summary>Goes to the next known field, whose value the reader then stands at.</summary>
    public bool TryNext(scoped ref MsgPackReader reader, out int field)
    {
        while (_next < _count)
        {
            int at = _next++;
            field = _isArray ? at : _names.IndexOf(reader.ReadKey());
            if (field >= 0 && field < _names.Count) return true;
            reader.Skip(acceptExtensions: true);
        }
        field = FieldNames.Unknown;
        return false;
    }
}
