namespace Conclave.Core.Patterns;

/// <summary>What one step of a program does.</summary>
internal enum PatternStep : byte
{
    /// <summary>Takes a character and goes on to the next step.</summary>
    One,

    /// <summary>Goes on to the next step at such a position only.</summary>
    At,

    /// <summary>Goes on at both targets.</summary>
    Split,

    /// <summary>Goes on at the first target.</summary>
    Jump,

    /// <summary>All is found.</summary>
    Found,
}

/// <summary>A step of a program.</summary>
internal struct PatternInstruction
{
    public PatternStep Step;
    public Position Position;
    public int First, Second;
    public RuneSet? Set;
}

/// <summary>A pattern as steps that a machine takes for all its possibilities at once. Counts are written out, so the size is bounded.</summary>
internal sealed class PatternProgram
{
    // Writing out nothing a thousand times of a thousand times costs time without growing.
    private const int WorkMax = 16 * LinearPattern.StepsMax;

    private readonly List<PatternInstruction> _steps = [];
    private int _work;

    private PatternProgram()
    {
    }

    /// <exception cref="PatternSyntaxException">Too large.</exception>
    public static PatternInstruction[] Compile(PatternNode root)
    {
        var program = new PatternProgram();
        program.Write(root);
        program.Add(PatternStep.Found);
        return [.. program._steps];
    }

    private void Write(PatternNode node)
    {
        if (++_work > WorkMax) throw TooLarge();
        switch (node)
        {
            case PatternNode.One one: Set(Add(PatternStep.One), one.Set); break;
            case PatternNode.At at: SetPosition(Add(PatternStep.At), at.Position); break;
            case PatternNode.Sequence sequence:
                foreach (var part in sequence.Parts) Write(part);
                break;
            case PatternNode.Choice choice: WriteChoice(choice.Parts); break;
            case PatternNode.Repeat repeat: WriteRepeat(repeat); break;
        }
    }

    private void WriteChoice(IReadOnlyList<PatternNode> parts)
    {
        var ends = new List<int>();
        for (int i = 0; i < parts.Count - 1; i++)
        {
            int split = Add(PatternStep.Split);
            Write(parts[i]);
            ends.Add(Add(PatternStep.Jump));
            Target(split, split + 1, _steps.Count);
        }
        Write(parts[^1]);
        foreach (int end in ends) Target(end, _steps.Count, 0);
    }

    private void WriteRepeat(PatternNode.Repeat repeat)
    {
        for (int i = 0; i < repeat.Min; i++) Write(repeat.Part);
        if (repeat.Max < 0)
        {
            int loop = Add(PatternStep.Split);
            Write(repeat.Part);
            Target(Add(PatternStep.Jump), loop, 0);
            Target(loop, loop + 1, _steps.Count);
            return;
        }
        var splits = new List<int>();
        for (int i = repeat.Min; i < repeat.Max; i++)
        {
            splits.Add(Add(PatternStep.Split));
            Write(repeat.Part);
        }
        foreach (int split in splits) Target(split, split + 1, _steps.Count);
    }

    private int Add(PatternStep step)
    {
        if (_steps.Count == LinearPattern.StepsMax) throw TooLarge();
        _steps.Add(new PatternInstruction { Step = step });
        return _steps.Count - 1;
    }

    private void Set(int at, RuneSet set) => _steps[at] = _steps[at] with { Set = set };

    private void SetPosition(int at, Position position) => _steps[at] = _steps[at] with { Position = position };

    private void Target(int at, int first, int second) => _steps[at] = _steps[at] with { First = first, Second = second };

    private static PatternSyntaxException TooLarge() => new("expression too large");
}
