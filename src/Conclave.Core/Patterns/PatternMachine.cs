using System.Text;

namespace Conclave.Core.Patterns;

/// <summary>Runs a program over a text: at each character the set of steps that can be reached, each at most once. One text at a time.</summary>
internal sealed class PatternMachine(PatternInstruction[] steps)
{
    private const int None = -1;

    private readonly List<int> _open = [];

    // The round in which a step was reached last, so that the sets need no clearing from one text to the next.
    private readonly long[] _reachedIn = new long[steps.Length];
    private List<int> _now = [];
    private List<int> _next = [];
    private long _round;
    private int _before;
    private int _after;

    public bool Run(ReadOnlySpan<char> text)
    {
        _open.Clear();
        _now.Clear();
        (_before, _after) = (None, RuneAt(text, out int taken));
        _round++;
        if (Reach(0, _now)) return true;
        while (_after != None)
        {
            var rune = new Rune(_after);
            text = text[taken..];
            (_before, _after) = (_after, RuneAt(text, out taken));
            _round++;
            _next.Clear();
            foreach (int at in _now)
                if (steps[at].Set!.Accepts(rune) && Reach(at + 1, _next)) return true;
            // A match may begin at every character.
            if (Reach(0, _next)) return true;
            (_now, _next) = (_next, _now);
        }
        return false;
    }

    // Everything that can be reached from a step without a character; true when that is the end.
    private bool Reach(int start, List<int> into)
    {
        _open.Add(start);
        while (_open.Count > 0)
        {
            int at = _open[^1];
            _open.RemoveAt(_open.Count - 1);
            if (_reachedIn[at] == _round) continue;
            _reachedIn[at] = _round;
            ref readonly var step = ref steps[at];
            switch (step.Step)
            {
                case PatternStep.Found: return true;
                case PatternStep.One: into.Add(at); break;
                case PatternStep.Jump: _open.Add(step.First); break;
                case PatternStep.At when IsAt(step.Position): _open.Add(at + 1); break;
                case PatternStep.Split:
                    _open.Add(step.Second);
                    _open.Add(step.First);
                    break;
            }
        }
        return false;
    }

    private bool IsAt(Position position) => position switch
    {
        Position.TextStart => _before == None,
        Position.TextEnd => _after == None,
        Position.LineStart => _before is None or '\n',
        Position.LineEnd => _after is None or '\n',
        Position.WordBoundary => IsWord(_before) != IsWord(_after),
        _ => IsWord(_before) == IsWord(_after),
    };

    private static bool IsWord(int rune) => rune is '_' or >= '0' and <= '9' or >= 'A' and <= 'Z' or >= 'a' and <= 'z';

    private static int RuneAt(ReadOnlySpan<char> text, out int taken)
    {
        taken = 0;
        if (text.IsEmpty) return None;
        Rune.DecodeFromUtf16(text, out var rune, out taken);
        return rune.Value;
    }
}
