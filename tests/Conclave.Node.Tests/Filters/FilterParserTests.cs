using Conclave.Node.Filters;

namespace Conclave.Node.Tests.Filters;

public class FilterParserTests
{
    [Theory]
    [InlineData("Service==web", "Service == \"web\"")]
    [InlineData("  Service  !=  \"web\"  ", "Service != \"web\"")]
    [InlineData("a in Tags", "Tags contains \"a\"")]
    [InlineData("\"a b\" not in Tags", "Tags not contains \"a b\"")]
    [InlineData("Tags contains `a`", "Tags contains \"a\"")]
    [InlineData("Tags not contains a", "Tags not contains \"a\"")]
    [InlineData("Tags is empty", "Tags is empty")]
    [InlineData("Tags is\tnot\nempty", "Tags is not empty")]
    [InlineData("Name matches \"^a.*\"", "Name matches \"^a.*\"")]
    [InlineData("Name not matches a", "Name not matches \"a\"")]
    [InlineData("Meta[\"some key\"]==1", "Meta[\"some key\"] == \"1\"")]
    [InlineData("Meta[ `plain` ].x == -1.50", "Meta.plain.x == \"-1.50\"")]
    [InlineData("Status == Checks.passing", "Status == \"Checks.passing\"")]
    [InlineData("1 in Tags", "Tags contains \"1\"")]
    [InlineData("not a in Tags", "not Tags contains \"a\"")]
    [InlineData("not not a in Tags", "Tags contains \"a\"")]
    [InlineData("not not not a in Tags", "not Tags contains \"a\"")]
    [InlineData("a==1 and b==2 or c==3 and d==4", "(a == \"1\" and b == \"2\") or (c == \"3\" and d == \"4\")")]
    [InlineData("(a==1 or b==2) and c==3", "(a == \"1\" or b == \"2\") and c == \"3\"")]
    [InlineData("not (a==1 or b==2)", "not (a == \"1\" or b == \"2\")")]
    [InlineData("((((a==1))))", "a == \"1\"")]
    [InlineData("not == 3", "not == \"3\"")]
    [InlineData("not in Tags", "Tags contains \"not\"")]
    [InlineData("not is empty", "not is empty")]
    [InlineData("in in in", "in contains \"in\"")]
    [InlineData("and == or and or == and", "and == \"or\" and or == \"and\"")]
    [InlineData("a == \"\\x22\\u00e9\\n\\101\\xc3\\xa9\"", "a == \"\\x22é\\x0aAé\"")]
    [InlineData("a == `\\n`", "a == \"\\\\n\"")]
    public void Expressions_are_understood(string expression, string canonical)
    {
        var node = FilterParser.Parse(expression);
        Assert.Equal(canonical, node.ToString());
        Assert.Equal(canonical, FilterParser.Parse(canonical).ToString());
    }

    [Theory]
    [InlineData("", "1:1 (0): no match found, expected: \"(\", \"not\", a selector or a value")]
    [InlineData("((", "1:3 (2): no match found, expected: \"(\", \"not\", a selector or a value")]
    [InlineData("Service.ID ==", "1:14 (13): no match found, expected: a value")]
    [InlineData("Service.ID", "1:11 (10): no match found, expected: an operator")]
    [InlineData("(a==1", "1:1 (0): rule \"grouping\": Unmatched parentheses")]
    [InlineData("a==1)", "1:5 (4): no match found, expected: the end (there is a \")\" without its \"(\")")]
    [InlineData("a==1 b==2", "1:6 (5): no match found, expected: \"and\", \"or\" or the end")]
    [InlineData("a==1and b==2", "1:4 (3): rule \"number\": Invalid number literal")]
    [InlineData("a==1\n and", "2:2 (6): no match found, expected: \"and\", \"or\" or the end")]
    [InlineData("a==01", "1:4 (3): rule \"number\": Invalid number literal")]
    [InlineData("a==10.2.0.1", "1:4 (3): rule \"number\": Invalid number literal")]
    [InlineData("a==\"x", "1:4 (3): rule \"string\": Unterminated string literal")]
    [InlineData("a==\"\\q\"", "1:4 (3): rule \"string\": invalid syntax")]
    [InlineData("a==\"\\x4\"", "1:4 (3): rule \"string\": invalid syntax")]
    [InlineData("a==\"\\400\"", "1:4 (3): rule \"string\": invalid syntax")]
    [InlineData("a[x]==1", "1:3 (2): rule \"index\": Invalid index")]
    [InlineData("a[\"x\"==1", "1:6 (5): rule \"index\": Unclosed index expression")]
    [InlineData("x in 1", "1:6 (5): rule \"match\": Invalid selector")]
    [InlineData("Tags is nonempty", "1:5 (4): no match found, expected: an operator")]
    [InlineData("not(a==1)", "1:4 (3): no match found, expected: an operator")]
    [InlineData("a-b == 1", "1:2 (1): no match found, expected: an operator")]
    [InlineData("_a == 1", "1:1 (0): no match found, expected: \"(\", \"not\", a selector or a value")]
    public void Mistakes_are_named_with_their_place(string expression, string reason)
    {
        var refused = Assert.Throws<FilterException>(() => FilterParser.Parse(expression));
        Assert.Equal(reason, refused.Reason);
        Assert.Equal("Failed to create boolean expression evaluator: " + reason, refused.Message);
    }

    [Fact]
    public void Nesting_and_length_are_bounded()
    {
        FilterParser.Parse(Nested("(", "a==1", ")", FilterParser.DepthMax));
        Assert.Contains("nested deeper", Assert.Throws<FilterException>(() => FilterParser.Parse(Nested("(", "a==1", ")", FilterParser.DepthMax + 1))).Reason);
        Assert.Contains("nested deeper", Assert.Throws<FilterException>(() => FilterParser.Parse(Nested("not ", "a==1", "", FilterParser.DepthMax + 1))).Reason);
        Assert.Contains("more than the", Assert.Throws<FilterException>(() => FilterParser.Parse(new string('a', FilterParser.LengthMax + 1))).Reason);
    }

    // Steps, not time: the count is the same on every machine. A grammar that tries alternatives one after the other would double with each level.
    [Fact]
    public void Parsing_takes_a_bounded_number_of_steps_per_character()
    {
        const int StepsPerCharacter = 60;
        var expressions = new List<string>
        {
            Nested("(", "a==1", ")", FilterParser.DepthMax),
            Nested("not ", "a==1", "", FilterParser.DepthMax),
            Nested("not (", "a==1", ")", FilterParser.DepthMax / 2),
            Nested("(a==1 and ", "b==2", ")", FilterParser.DepthMax),
            Nested("(a==1 or ", "b==2", " and c==3)", FilterParser.DepthMax),
            string.Join(" and ", Enumerable.Repeat("a==1", 1000)),
            string.Join(" or ", Enumerable.Repeat("not a in b", 1000)),
            string.Join(" and ", Enumerable.Repeat("(a==1 or b==2)", 500)),
            "a" + new string(' ', 10_000) + "==1",
            "(((a==1" + new string(' ', 10_000) + ")))",
            "a == \"" + new string('x', 10_000) + "\"",
            "a" + string.Concat(Enumerable.Repeat(".b", 5000)) + " is empty",
        };
        foreach (string expression in expressions)
        {
            FilterParser.Parse(expression, out long steps);
            Assert.True(steps <= (long)expression.Length * StepsPerCharacter, $"{steps} steps for {expression.Length} characters: {expression[..20]}");
        }
    }

    private static string Nested(string open, string core, string close, int depth) =>
        string.Concat(Enumerable.Repeat(open, depth)) + core + string.Concat(Enumerable.Repeat(close, depth));
}
