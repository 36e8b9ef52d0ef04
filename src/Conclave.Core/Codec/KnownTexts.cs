using System.Text;

namespace Conclave.Core.Codec;

/// <summary>Texts that occur over and over in messages (operations, states): reading one of them allocates nothing.</summary>
internal sealed class KnownTexts
{
    private readonly string[] _texts;
    private readonly byte[][] _utf8;

    public KnownTexts(params string[] texts)
    {
        _texts = texts;
        _utf8 = Array.ConvertAll(texts, Encoding.UTF8.GetBytes);
    }

    public string Read(ref MsgPackReader reader)
    {
        var utf8 = reader.ReadTextSpan();
        if (utf8.IsEmpty) return "";
        for (int i = 0; i < _utf8.Length; i++)
            if (utf8.SequenceEqual(_utf8[i])) return _texts[i];
        return Encoding.UTF8.GetString(utf8);
    }
}
