using System.Diagnostics.CodeAnalysis;

namespace Conclave.Node.Filters;

/// <summary>
/// Parses filter expressions: <c>or</c> binds weaker than <c>and</c>, that weaker than <c>not</c>; words must be set off by blanks. Each character is looked
/// at a bounded number of times whatever the nesting: a word is decided by what follows it, and only a <c>not</c> that turns out to be a field's name is read twice.
/// </summary>
internal ref struct FilterParser
{
    /// <summary>Longest expression accepted, in characters. Query strings are not longer either.</summary>
    public const int LengthMax = 16 * 1024;

    /// <summary>Deepest nesting of parentheses and negations accepted; it bounds the recursion of parser and evaluation.</summary>
    public const int DepthMax = 64;

    private readonly ReadOnlySpan<char> _text;
    private int _at;
    private int _depth;

    // The farthest position at which something else was due: where people look for the mistake.
    private int _failedAt;
    private string _due = "an expression";

    private FilterParser(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Characters looked at so far, for tests of the running time.</summary>
    public long Steps { get; private set; }

    /// <exception cref="FilterException">Not an expression, too long or nested too deeply.</exception>
    public static FilterNode Parse(string expression) => Parse(expression, out _);

    internal static FilterNode Parse(string expression, out long steps)
    {
        if (expression.Length > LengthMax) throw new FilterException($"the expression has {expression.Length} characters, more than the {LengthMax} allowed");
        var parser = new FilterParser(expression);
        parser.SkipBlanks();
        var node = parser.TryParseOr();
        if (node is not null) parser.SkipBlanks();
        steps = parser.Steps;
        if (node is not null && parser._at == expression.Length) return node;
        if (node is not null) parser.NoteFailure(parser.HasUnmatchedEnd() ? "the end (there is a \")\" without its \"(\")" : "\"and\", \"or\" or the end");
        throw parser.Malformed($"no match found, expected: {parser._due}", parser._failedAt);
    }

    private FilterNode? TryParseOr() => TryParseChain(all: false);

    private FilterNode? TryParseChain(bool all)
    {
        if ((all ? TryParseNot() : TryParseChain(all: true)) is not { } first) return null;
        List<FilterNode>? operands = null;
        while (TryReadWordBetweenBlanks(all ? "and" : "or"))
        {
            if ((all ? TryParseNot() : TryParseChain(all: true)) is not { } next) return null;
            operands ??= [first];
            operands.Add(next);
        }
        return operands is null ? first : new FilterGroup(all, operands);
    }

    private FilterNode? TryParseNot()
    {
        int start = _at, depth = _depth;
        if (!TryReadText("not") || !SkipBlanks())
        {
            _at = start;
            return TryParseOperand();
        }
        Enter();
        var operand = TryParseNot();
        _depth = depth;
        if (operand is FilterNot pair) return pair.Operand;
        if (operand is not null) return new FilterNot(operand);
        // "not" may be the name of a field or a bare value, as in "not in Tags".
        _at = start;
        return TryParseMatch();
    }

    private FilterNode? TryParseOperand()
    {
        if (!TryReadText("(")) return TryParseMatch();
        int opened = _at - 1;
        Enter();
        SkipBlanks();
        var inner = TryParseOr();
        if (inner is null) return null;
        SkipBlanks();
        if (_at == _text.Length) throw Malformed("rule \"grouping\": Unmatched parentheses", opened);
        if (!TryReadText(")"))
        {
            NoteFailure("\"and\", \"or\" or \")\"");
            return null;
        }
        _depth--;
        return inner;
    }

    private FilterNode? TryParseMatch()
    {
        int start = _at;
        if (TryParseSelector(out var selector))
        {
            if (TryReadSelectorOperator(out var op, out bool hasValue))
            {
                if (!hasValue) return new FilterMatch(selector, op, null);
                if (TryParseValue(out string? value)) return new FilterMatch(selector, op, value);
                return null;
            }
            // A bare word before "in" is a value.
            return TryParseIn(string.Join('.', selector));
        }
        _at = start;
        if (TryParseValue(out string? literal)) return TryParseIn(literal);
        NoteFailure("\"(\", \"not\", a selector or a value");
        return null;
    }

    private FilterMatch? TryParseIn(string value)
    {
        FilterOperator op;
        if (TryReadWordBetweenBlanks("in")) op = FilterOperator.In;
        else if (TryReadWordsBetweenBlanks("not", "in")) op = FilterOperator.NotIn;
        else
        {
            NoteFailure("an operator");
            return null;
        }
        if (TryParseSelector(out var selector)) return new FilterMatch(selector, op, value);
        throw Malformed("rule \"match\": Invalid selector", _at);
    }

    private bool TryReadSelectorOperator(out FilterOperator op, out bool hasValue)
    {
        hasValue = true;
        op = FilterOperator.Equal;
        if (TryReadSymbol("==")) return true;
        op = FilterOperator.NotEqual;
        if (TryReadSymbol("!=")) return true;
        op = FilterOperator.In;
        if (TryReadWordBetweenBlanks("contains")) return true;
        op = FilterOperator.NotIn;
        if (TryReadWordsBetweenBlanks("not", "contains")) return true;
        op = FilterOperator.Matches;
        if (TryReadWordBetweenBlanks("matches")) return true;
        op = FilterOperator.NotMatches;
        if (TryReadWordsBetweenBlanks("not", "matches")) return true;
        hasValue = false;
        return TryReadEmptiness(out op);
    }

    private bool TryReadEmptiness(out FilterOperator op)
    {
        op = FilterOperator.IsEmpty;
        int start = _at;
        if (TryReadWordBetweenBlanks("is"))
        {
            if (TryReadText("empty")) return true;
            op = FilterOperator.IsNotEmpty;
            if (TryReadText("not") && SkipBlanks() && TryReadText("empty")) return true;
        }
        _at = start;
        return false;
    }

    private bool TryParseSelector([NotNullWhen(true)] out List<string>? selector)
    {
        selector = null;
        if (!TryReadIdentifier(out string first)) return false;
        selector = [first];
        while (true)
        {
            int start = _at;
            if (TryReadText(".") && TryReadIdentifier(out string name)) selector.Add(name);
            else
            {
                _at = start;
                if (!TryReadText("[")) return true;
                selector.Add(ParseIndex());
            }
        }
    }

    private string ParseIndex()
    {
        SkipBlanks();
        if (!TryReadString(out string? key)) throw Malformed("rule \"index\": Invalid index", _at);
        SkipBlanks();
        if (!TryReadText("]")) throw Malformed("rule \"index\": Unclosed index expression", _at);
        return key;
    }

    private bool TryParseValue([NotNullWhen(true)] out string? value)
    {
        value = null;
        if (_at < _text.Length && char.IsAsciiLetter(_text[_at]))
        {
            if (!TryParseSelector(out var words)) return false;
            value = string.Join('.', words);
            return true;
        }
        if (TryReadNumber(out value) || TryReadString(out value)) return true;
        NoteFailure("a value");
        return false;
    }

    private bool TryReadNumber([NotNullWhen(true)] out string? number)
    {
        number = null;
        int start = _at, end = _at;
        if (end < _text.Length && _text[end] == '-') end++;
        int digits = end;
        while (end < _text.Length && char.IsAsciiDigit(_text[end])) end++;
        if (end == digits) return false;
        // A zero in front is a number of its own, so that "01" is none.
        if (_text[digits] == '0') end = digits + 1;
        if (end + 1 < _text.Length && _text[end] == '.' && char.IsAsciiDigit(_text[end + 1]))
        {
            end++;
            while (end < _text.Length && char.IsAsciiDigit(_text[end])) end++;
        }
        Steps += end - start;
        if (end < _text.Length && _text[end] != ')' && !IsBlank(_text[end])) throw Malformed("rule \"number\": Invalid number literal", start);
        _at = end;
        number = _text[start..end].ToString();
        return true;
    }

    private bool TryReadString([NotNullWhen(true)] out string? value)
    {
        value = null;
        if (_at == _text.Length || _text[_at] is not ('"' or '`')) return false;
        char quote = _text[_at];
        int start = _at + 1;
        int length = _text[start..].IndexOf(quote);
        if (length < 0) throw Malformed("rule \"string\": Unterminated string literal", _at);
        var content = _text.Slice(start, length);
        Steps += length;
        // Raw literals lose carriage returns, as they do in Go.
        if (quote == '`') value = content.ToString().Replace("\r", "", StringComparison.Ordinal);
        else if (!FilterText.TryUnescape(content, out value)) throw Malformed("rule \"string\": invalid syntax", _at);
        _at = start + length + 1;
        return true;
    }

    private bool TryReadIdentifier(out string name)
    {
        int start = _at;
        if (_at < _text.Length && char.IsAsciiLetter(_text[_at]))
            while (_at < _text.Length && FilterText.IsIdentifierPart(_text[_at])) _at++;
        Steps += _at - start + 1;
        name = _text[start.._at].ToString();
        return _at > start;
    }

    private bool TryReadSymbol(string symbol)
    {
        int start = _at;
        SkipBlanks();
        if (TryReadText(symbol))
        {
            SkipBlanks();
            return true;
        }
        _at = start;
        return false;
    }

    private bool TryReadWordBetweenBlanks(string word)
    {
        int start = _at;
        if (SkipBlanks() && TryReadText(word) && SkipBlanks()) return true;
        _at = start;
        return false;
    }

    private bool TryReadWordsBetweenBlanks(string first, string second)
    {
        int start = _at;
        if (SkipBlanks() && TryReadText(first) && SkipBlanks() && TryReadText(second) && SkipBlanks()) return true;
        _at = start;
        return false;
    }

    private bool TryReadText(string text)
    {
        Steps += text.Length;
        if (!_text[_at..].StartsWith(text)) return false;
        _at += text.Length;
        return true;
    }

    private bool SkipBlanks()
    {
        int start = _at;
        while (_at < _text.Length && IsBlank(_text[_at])) _at++;
        Steps += _at - start + 1;
        return _at > start;
    }

    private void Enter()
    {
        if (++_depth > DepthMax) throw Malformed($"nested deeper than {DepthMax} levels", _at);
    }

    private readonly bool HasUnmatchedEnd() => _at < _text.Length && _text[_at] == ')';

    private void NoteFailure(string due)
    {
        if (_at < _failedAt) return;
        _failedAt = _at;
        _due = due;
    }

    private readonly FilterException Malformed(string what, int offset)
    {
        int line = 1, column = 1;
        foreach (char c in _text[..offset])
        {
            column++;
            if (c == '\n') (line, column) = (line + 1, 1);
        }
        return new FilterException($"{line}:{column} ({offset}): {what}");
    }

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\r' or '\n';
}
