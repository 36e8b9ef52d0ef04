using System.Globalization;
using System.Text;
using Conclave.Hosting.Configuration;
using FsCheck;
using Property = Conclave.Tests.Property;
using FsCheck.Fluent;

namespace Conclave.Cli.Tests.Configuration;

public sealed class HclTests
{
    [Fact]
    public void Blocks_lists_numbers_and_comments_are_read()
    {
        var tree = HclConfigParser.Parse("""
            # one
            // two
            /* three
               lines */
            node_name = "a\tb\"c\u00e9" // tail
            ports { http = 0x10, https = -1 }
            retry_join = [ "x", "y", ]
            server = true
            rate = 1.5e1
            service "web" { port = 80 }
            "quoted" = 1
            limits = { a = 1
              b = [] }
            """);
        Assert.Equal("""{"node_name":"a\tb\"cé","ports":{"http":16,"https":-1},"retry_join":["x","y"],"server":true,"rate":15,"service":{"web":{"port":80}},"quoted":1,"limits":{"a":1,"b":[]}}""", Json(tree));
    }

    [Fact]
    public void Repeated_blocks_become_a_list() =>
        Assert.Equal("""{"services":[{"name":"a"},{"name":"b"}]}""", Json(HclConfigParser.Parse("services { name = \"a\" }\nservices { name = \"b\" }")));

    [Fact]
    public void Heredocs_keep_or_lose_their_indentation() =>
        Assert.Equal("""{"a":"  x\n y\n","b":"x\n  y\n"}""", Json(HclConfigParser.Parse("a = <<EOF\n  x\n y\nEOF\nb = <<-EOF\n    x\n      y\n    EOF\n")));

    [Fact]
    public void Text_in_braces_is_json() => Assert.Equal("""{"a":1}""", Json(HclConfigParser.Parse(" {\"a\": 1}")));

    [Fact]
    public void Interpolations_stay_as_they_are() =>
        Assert.Equal("""{"a":"x ${ f(\"q\") } y"}""", Json(HclConfigParser.Parse("a = \"x ${ f(\"q\") } y\"")));

    [Theory]
    [InlineData("a = ")]
    [InlineData("a = \"x")]
    [InlineData("a = [1")]
    [InlineData("a {")]
    [InlineData("= 1")]
    [InlineData("a b c")]
    [InlineData("/* x")]
    [InlineData("a = <<EOF\nx")]
    [InlineData("a = 1.2.3")]
    [InlineData("a = \"\\q\"")]
    [InlineData("}")]
    public void Malformed_text_is_refused_with_its_place(string text) =>
        Assert.StartsWith("At ", Assert.Throws<ConfigSyntaxException>(() => HclConfigParser.Parse(text)).Message);

    [Theory]
    [InlineData("a {", 100_000)]
    [InlineData("a = [", 1)]
    public void Deep_nesting_is_refused(string opening, int blocks)
    {
        var text = string.Concat(Enumerable.Repeat(opening, blocks)) + new string('[', blocks == 1 ? 100_000 : 0);
        Assert.Throws<ConfigSyntaxException>(() => HclConfigParser.Parse(text));
    }

    [Fact]
    public void A_tree_reads_the_same_from_both_syntaxes() =>
        Property.Check(Arb.From(Trees(3)), tree =>
        {
            var json = Json(tree);
            return Json(JsonConfigParser.ParseObject(json)) == json && Json(HclConfigParser.Parse(Hcl(tree))) == json;
        });

    [Fact]
    public void Cut_text_never_does_worse_than_an_error() =>
        Property.Check(Arb.From(Trees(2)), tree =>
        {
            var text = Hcl(tree);
            for (var length = 0; length < text.Length; length++)
                try
                {
                    HclConfigParser.Parse(text[..length]);
                }
                catch (ConfigSyntaxException error)
                {
                    if (error.Message.Length == 0) return false;
                }
            return true;
        }, runs: 30);

    private static Gen<ConfigObject> Trees(int depth) =>
        from fields in Gen.ListOf(from name in Gen.Elements("a", "node_name", "x-y", "b", "c1") from value in Values(depth) select (name, value))
        select Tree(fields);

    private static ConfigObject Tree(IEnumerable<(string Name, object? Value)> fields)
    {
        var tree = new ConfigObject();
        foreach (var (name, value) in fields) tree.Set(name, value);
        return tree;
    }

    private static Gen<object?> Values(int depth)
    {
        var plain = Gen.OneOf(
            ArbMap.Default.GeneratorFor<bool>().Select(value => (object?)value),
            ArbMap.Default.GeneratorFor<long>().Select(value => (object?)value),
            Gen.Elements(1.5, -2.25, 1e30).Select(value => (object?)value),
            Gen.Elements("", "x", "a\nb", "quote\" and \\ and \t", "é€😀", "# no comment", "<<EOF", "$ {", "}").Select(value => (object?)value));
        if (depth == 0) return plain;
        return Gen.OneOf(
            plain,
            Trees(depth - 1).Select(value => (object?)value),
            Gen.ListOf(plain).Select(values => (object?)values.ToList()));
    }

    private static string Json(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => Quoted(text),
        ConfigObject tree => "{" + string.Join(",", tree.Fields.Select(field => Quoted(field.Key) + ":" + Json(field.Value))) + "}",
        List<object?> list => "[" + string.Join(",", list.Select(Json)) + "]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Hcl(ConfigObject tree) =>
        string.Join("\n", tree.Fields.Select(field => field.Value is ConfigObject block ? $"{field.Key} {{\n{Hcl(block)}\n}}" : $"{field.Key} = {HclValue(field.Value)}"));

    private static string HclValue(object? value) => value is List<object?> list ? "[" + string.Join(", ", list.Select(HclValue)) + "]" : Json(value);

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text)
            quoted.Append(character switch { '"' => "\\\"", '\\' => "\\\\", '\n' => "\\n", '\t' => "\\t", _ => character.ToString() });
        return quoted.Append('"').ToString();
    }
}
