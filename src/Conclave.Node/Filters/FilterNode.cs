using System.Text;

namespace Conclave.Node.Filters;

/// <summary>A parsed filter expression. <see cref="object.ToString"/> gives its canonical text, which parses to an equal tree.</summary>
internal abstract class FilterNode
{
    /// <summary>Appends the canonical text.</summary>
    public abstract void Print(StringBuilder text);

    public sealed override string ToString()
    {
        var text = new StringBuilder();
        Print(text);
        return text.ToString();
    }

    // Everything but a single match stands in parentheses as an operand, so nothing depends on precedence.
    protected static void PrintOperand(FilterNode operand, StringBuilder text)
    {
        bool parentheses = operand is not FilterMatch;
        if (parentheses) text.Append('(');
        operand.Print(text);
        if (parentheses) text.Append(')');
    }
}

/// <summary>Operands that must all hold (<c>and</c>) or of which one must hold (<c>or</c>).</summary>
internal sealed class FilterGroup(bool all, IReadOnlyList<FilterNode> operands) : FilterNode
{
    /// <summary>True for <c>and</c>.</summary>
    public bool All { get; } = all;

    /// <summary>Two or more; evaluated in order until the outcome is known.</summary>
    public IReadOnlyList<FilterNode> Operands { get; } = operands;

    public override void Print(StringBuilder text)
    {
        for (int i = 0; i < Operands.Count; i++)
        {
            if (i > 0) text.Append(All ? " and " : " or ");
            PrintOperand(Operands[i], text);
        }
    }
}

/// <summary>An operand that must not hold. Never holds another negation: the parser drops pairs.</summary>
internal sealed class FilterNot(FilterNode operand) : FilterNode
{
    public FilterNode Operand { get; } = operand;

    public override void Print(StringBuilder text)
    {
        text.Append("not ");
        PrintOperand(Operand, text);
    }
}

/// <summary>One comparison: a selector, an operator and, unless it asks for emptiness, a value.</summary>
internal sealed class FilterMatch(IReadOnlyList<string> selector, FilterOperator op, string? value) : FilterNode
{
    /// <summary>Field names and map keys, outermost first; at least one.</summary>
    public IReadOnlyList<string> Selector { get; } = selector;

    public FilterOperator Operator { get; } = op;

    /// <summary>The value as text, before it is turned into the field's type; null for the operators without one.</summary>
    public string? Value { get; } = value;

    /// <summary>The selector as messages show it.</summary>
    public string SelectorText => string.Join('.', Selector);

    public override void Print(StringBuilder text)
    {
        PrintSelector(text);
        text.Append(Operator switch
        {
            FilterOperator.Equal => " == ",
            FilterOperator.NotEqual => " != ",
            FilterOperator.In => " contains ",
            FilterOperator.NotIn => " not contains ",
            FilterOperator.IsEmpty => " is empty",
            FilterOperator.IsNotEmpty => " is not empty",
            FilterOperator.Matches => " matches ",
            _ => " not matches ",
        });
        if (Value is not null) text.Append(FilterText.Quote(Value));
    }

    private void PrintSelector(StringBuilder text)
    {
        text.Append(Selector[0]);
        for (int i = 1; i < Selector.Count; i++)
        {
            if (FilterText.IsIdentifier(Selector[i])) text.Append('.').Append(Selector[i]);
            else text.Append('[').Append(FilterText.Quote(Selector[i])).Append(']');
        }
    }
}
