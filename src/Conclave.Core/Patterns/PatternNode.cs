namespace Conclave.Core.Patterns;

/// <summary>What a place in a pattern demands without taking a character.</summary>
internal enum Position : byte
{
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NoWordBoundary,
}

/// <summary>A part of a pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>Nothing.</summary>
    public sealed record Empty : PatternNode;

    /// <summary>One character.</summary>
    public sealed record One(RuneSet Set) : PatternNode;

    /// <summary>A place.</summary>
    public sealed record At(Position Position) : PatternNode;

    /// <summary>One part after the other.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>One part or another.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>A part <paramref name="Min"/> to <paramref name="Max"/> times; below zero: without end.</summary>
    public sealed record Repeat(PatternNode Part, int Min, int Max) : PatternNode;
}
