using Conclave.Core.Model;
using Conclave.Node.Filters;
using Property = Conclave.Tests.Property;
using FsCheck;
using FsCheck.Fluent;

namespace Conclave.Node.Tests.Filters;

/// <summary>Random expressions over random rows: what the compiler makes of them equals a plain evaluation of the tree.</summary>
public class FilterModelTests
{
    private static readonly FilterSchema<Row> Schema = new(
        ("Name", new TextField<Row>(row => row.Name)),
        ("Port", new IntegerField<Row>(row => row.Port)),
        ("Up", new BoolField<Row>(row => row.Up)),
        ("Tags", new TextListField<Row>(row => row.Tags)),
        ("Meta", new MapField<Row, string>(row => row.Meta, new TextField<string>(text => text))),
        ("Inner", new ObjectField<Row, Part>(row => row.Inner, PartSchema)),
        ("Parts", new ObjectListField<Row, Part>(row => row.Parts, PartSchema)));

    private static FilterSchema<Part> PartSchema => new(("Status", new TextField<Part>(part => part.Status)), ("Tags", new TextListField<Part>(part => part.Tags)));

    [Fact]
    public void Printing_and_parsing_gives_the_same_tree() =>
        Property.Check(Nodes(matches: AnyMatch).ToArbitrary(), node => Same(node, FilterParser.Parse(node.ToString())), runs: 1000);

    [Fact]
    public void Compiled_filters_agree_with_plain_evaluation() => Property.Check(
        (from node in Nodes(ValidMatch) from row in Rows select (Node: node, Row: row)).ToArbitrary(),
        pair => FilterCompiler.Compile(pair.Node.ToString(), Schema).Matches(pair.Row) == Evaluate(pair.Node, pair.Row),
        runs: 3000);

    // ---- the naive evaluator: one look at the tree per row, no preparation ----

    private static bool Evaluate(FilterNode node, Row row) => node switch
    {
        FilterGroup { All: true } group => group.Operands.All(operand => Evaluate(operand, row)),
        FilterGroup group => group.Operands.Any(operand => Evaluate(operand, row)),
        FilterNot not => !Evaluate(not.Operand, row),
        FilterMatch match => EvaluateMatch(match, row),
        _ => throw new InvalidOperationException(),
    };

    private static bool EvaluateMatch(FilterMatch match, Row row) => match.SelectorText switch
    {
        "Name" => OnText(match, row.Name),
        "Port" => (row.Port == long.Parse(match.Value!)) == (match.Operator == FilterOperator.Equal),
        "Up" => (row.Up == (match.Value == "true")) == (match.Operator == FilterOperator.Equal),
        "Tags" => OnTexts(match, row.Tags),
        "Meta" => OnTexts(match, row.Meta?.Keys.ToArray()),
        "Meta.k" => row.Meta is { } meta && meta.TryGetValue("k", out string? value) ? OnText(match, value) : match.Operator.ToString().StartsWith("Not", StringComparison.Ordinal),
        "Inner.Status" => OnText(match, row.Inner.Status),
        "Parts" => (row.Parts.Length == 0) == (match.Operator == FilterOperator.IsEmpty),
        "Parts.Status" => row.Parts.Any(part => OnText(match, part.Status)),
        "Parts.Tags" => row.Parts.Any(part => OnTexts(match, part.Tags)),
        _ => throw new InvalidOperationException(match.SelectorText),
    };

    private static bool OnText(FilterMatch match, string text) => match.Operator switch
    {
        FilterOperator.Equal => text == match.Value,
        FilterOperator.NotEqual => text != match.Value,
        FilterOperator.In => text.Contains(match.Value!),
        FilterOperator.NotIn => !text.Contains(match.Value!),
        FilterOperator.Matches => text.Contains(match.Value!),         // the values generated are plain letters
        FilterOperator.NotMatches => !text.Contains(match.Value!),
        _ => throw new InvalidOperationException(),
    };

    private static bool OnTexts(FilterMatch match, string[]? texts) => match.Operator switch
    {
        FilterOperator.In => texts?.Contains(match.Value) ?? false,
        FilterOperator.NotIn => !(texts?.Contains(match.Value) ?? false),
        FilterOperator.IsEmpty => (texts?.Length ?? 0) == 0,
        FilterOperator.IsNotEmpty => (texts?.Length ?? 0) > 0,
        _ => throw new InvalidOperationException(),
    };

    // ---- generators ----

    private static Gen<string> Word => Gen.Elements("", "a", "b", "ab", "ba");

    private static Gen<string[]?> Words => Gen.OneOf(Gen.Constant<string[]?>(null), Word.ArrayOf(2).Select(words => (string[]?)words), Gen.Constant<string[]?>([]));

    private static Gen<Part> Parts => from status in Word from tags in Words select new Part(status, tags);

    private static Gen<Row> Rows =>
        from name in Word
        from port in Gen.Choose(0, 2)
        from up in Gen.Elements(true, false)
        from tags in Words
        from metaKind in Gen.Choose(0, 3)
        from metaValue in Word
        from inner in Parts
        from count in Gen.Choose(0, 2)
        from parts in Parts.ArrayOf(count)
        select new Row(name, port, up, tags, MetaOf(metaKind, metaValue), inner, parts);

    private static TextMap<string>? MetaOf(int kind, string value) => kind switch
    {
        0 => null,
        1 => TextMap<string>.Empty,
        2 => TextMap<string>.From([new("k", value)]),
        _ => TextMap<string>.From([new("k", value), new("a", "x")]),
    };

    private static Gen<FilterMatch> ValidMatch => Gen.OneOf(
        Match(["Name"], Word, FilterOperator.Equal, FilterOperator.NotEqual, FilterOperator.In, FilterOperator.NotIn, FilterOperator.Matches, FilterOperator.NotMatches),
        Match(["Port"], Gen.Elements("0", "1", "2"), FilterOperator.Equal, FilterOperator.NotEqual),
        Match(["Up"], Gen.Elements("true", "false"), FilterOperator.Equal, FilterOperator.NotEqual),
        Match(["Tags"], Word, FilterOperator.In, FilterOperator.NotIn, FilterOperator.IsEmpty, FilterOperator.IsNotEmpty),
        Match(["Meta"], Gen.Elements("k", "a", "z"), FilterOperator.In, FilterOperator.NotIn, FilterOperator.IsEmpty, FilterOperator.IsNotEmpty),
        Match(["Meta", "k"], Word, FilterOperator.Equal, FilterOperator.NotEqual, FilterOperator.In, FilterOperator.NotIn, FilterOperator.Matches, FilterOperator.NotMatches),
        Match(["Inner", "Status"], Word, FilterOperator.Equal, FilterOperator.NotEqual),
        Match(["Parts"], Word, FilterOperator.IsEmpty, FilterOperator.IsNotEmpty),
        Match(["Parts", "Status"], Word, FilterOperator.Equal, FilterOperator.NotEqual, FilterOperator.In, FilterOperator.NotIn),
        Match(["Parts", "Tags"], Word, FilterOperator.In, FilterOperator.NotIn, FilterOperator.IsEmpty, FilterOperator.IsNotEmpty));

    private static Gen<FilterMatch> AnyMatch =>
        from first in Gen.Elements("a", "not", "in", "and", "is", "x_1")
        from rest in ArbMap.Default.GeneratorFor<NonNull<string>>().ArrayOf(2)
        from op in Gen.Elements(Enum.GetValues<FilterOperator>())
        from value in ArbMap.Default.GeneratorFor<NonNull<string>>()
        select new FilterMatch([first, .. rest.Select(part => Valid(part.Get))], op, HasValue(op) ? Valid(value.Get) : null);

    // Lone surrogates are no characters: they cannot arrive in a query string.
    private static string Valid(string text) => new(text.Where(c => !char.IsSurrogate(c)).ToArray());

    private static Gen<FilterMatch> Match(string[] selector, Gen<string> values, params FilterOperator[] operators) =>
        from op in Gen.Elements(operators)
        from value in values
        select new FilterMatch(selector, op, HasValue(op) ? value : null);

    private static bool HasValue(FilterOperator op) => op is not (FilterOperator.IsEmpty or FilterOperator.IsNotEmpty);

    private static Gen<FilterNode> Nodes(Gen<FilterMatch> matches) => Gen.Sized(size => Node(matches, Math.Min(size, 4)));

    private static Gen<FilterNode> Node(Gen<FilterMatch> matches, int depth)
    {
        var leaf = matches.Select(match => (FilterNode)match);
        if (depth == 0) return leaf;
        var inner = Node(matches, depth - 1);
        return Gen.OneOf(
            leaf,
            inner.Select(operand => operand is FilterNot pair ? pair.Operand : new FilterNot(operand)),
            from count in Gen.Choose(2, 3) from operands in inner.ArrayOf(count) select (FilterNode)new FilterGroup(all: true, operands),
            from count in Gen.Choose(2, 3) from operands in inner.ArrayOf(count) select (FilterNode)new FilterGroup(all: false, operands));
    }

    private static bool Same(FilterNode a, FilterNode b) => (a, b) switch
    {
        (FilterGroup x, FilterGroup y) => x.All == y.All && x.Operands.Count == y.Operands.Count && x.Operands.Zip(y.Operands).All(pair => Same(pair.First, pair.Second)),
        (FilterNot x, FilterNot y) => Same(x.Operand, y.Operand),
        (FilterMatch x, FilterMatch y) => x.Selector.SequenceEqual(y.Selector) && x.Operator == y.Operator && x.Value == y.Value,
        _ => false,
    };

    public sealed record Part(string Status, string[]? Tags);

    public sealed record Row(string Name, long Port, bool Up, string[]? Tags, TextMap<string>? Meta, Part Inner, Part[] Parts);
}
