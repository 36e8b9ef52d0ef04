using System.Globalization;
using System.Text;
using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>
/// The last lines of what happened. A line is a constant text with at most two numbers and a name; it is put together only when somebody wants to read it, so
/// that tracing costs a few stores.
/// </summary>
internal sealed class TraceRing(int capacity = TraceRing.DefaultCapacity)
{
    public const int DefaultCapacity = 256;

    private readonly Line[] _lines = new Line[capacity];
    private long _count;

    /// <summary>Where lines go as they come, besides the ring; null for nowhere.</summary>
    public TextWriter? Live { get; set; }

    /// <summary>Adds a line; <c>{a}</c>, <c>{b}</c> and <c>{c}</c> in the text stand for the values.</summary>
    public void Add(Instant at, string text, long a = 0, long b = 0, object? c = null)
    {
        ref var line = ref _lines[_count++ % _lines.Length];
        line = new Line(at, text, a, b, c);
        Live?.WriteLine(Format(line));
    }

    /// <summary>The lines, oldest first.</summary>
    public string Dump()
    {
        var text = new StringBuilder();
        for (long i = Math.Max(0, _count - _lines.Length); i < _count; i++) text.AppendLine(Format(_lines[i % _lines.Length]));
        return text.ToString();
    }

    private static string Format(in Line line)
    {
        string text = line.Text.Replace("{a}", line.A.ToString(CultureInfo.InvariantCulture)).Replace("{b}", line.B.ToString(CultureInfo.InvariantCulture));
        return string.Create(CultureInfo.InvariantCulture, $"{line.At.Nanoseconds / 1e9,14:F6}  {text.Replace("{c}", line.C?.ToString())}");
    }

    private readonly record struct Line(Instant At, string Text, long A, long B, object? C);
}
