namespace Conclave.Hosting.Configuration;

/// <summary>
/// Reads the first version of the HCL syntax into the same tree as JSON: assignments, blocks with and without labels, lists, comments. A text that begins
/// with a brace is JSON, as in that syntax.
/// </summary>
internal sealed class HclConfigParser
{
    /// <summary>Deepest nesting; configuration has about six levels.</summary>
    private const int DepthMax = 200;

    private readonly HclLexer _lexer;
    private int _depth;

    private HclConfigParser(string text) => _lexer = new HclLexer(text);

    /// <summary>Reads a whole text.</summary>
    /// <exception cref="ConfigSyntaxException">Malformed.</exception>
    public static ConfigObject Parse(string text)
    {
        if (text.AsSpan().TrimStart().StartsWith("{")) return JsonConfigParser.ParseObject(text);
        var parser = new HclConfigParser(text);
        return parser.Body(HclTokenKind.End);
    }

    private ConfigObject Body(HclTokenKind end)
    {
        if (++_depth > DepthMax) throw _lexer.Fail("too many nested blocks");
        var body = new ConfigObject();
        while (_lexer.Current.Kind != end)
        {
            Item(body);
            if (_lexer.Current.Kind == HclTokenKind.Comma) _lexer.Next();
        }
        _lexer.Next();
        _depth--;
        return body;
    }

    private void Item(ConfigObject body)
    {
        var keys = new List<string>();
        while (_lexer.Current.Kind is HclTokenKind.Word or HclTokenKind.Text)
        {
            keys.Add(_lexer.Current.Text);
            _lexer.Next();
        }
        if (keys.Count == 0) throw _lexer.Fail("a key was expected");
        if (_lexer.Current.Kind == HclTokenKind.Assign && keys.Count == 1)
        {
            _lexer.Next();
            if (_lexer.Current.Kind == HclTokenKind.OpenBrace) AddBlock(body, keys);
            else body.Set(keys[0], Value());
        }
        else if (_lexer.Current.Kind == HclTokenKind.OpenBrace) AddBlock(body, keys);
        else throw _lexer.Fail($"key '{keys[^1]}' expected start of object ('{{') or assignment ('=')");
    }

    /// <summary><c>a "b" { … }</c> is an object b inside an object a.</summary>
    private void AddBlock(ConfigObject body, List<string> keys)
    {
        var block = Block();
        for (var i = keys.Count - 1; i > 0; i--)
        {
            var outer = new ConfigObject();
            outer.AddBlock(keys[i], block);
            block = outer;
        }
        body.AddBlock(keys[0], block);
    }

    private ConfigObject Block()
    {
        _lexer.Next();
        return Body(HclTokenKind.CloseBrace);
    }

    private object? Value()
    {
        var token = _lexer.Current;
        switch (token.Kind)
        {
            case HclTokenKind.Text: return Take(token.Text);
            case HclTokenKind.Number: return Take(token.Number);
            case HclTokenKind.OpenBracket: return List();
            case HclTokenKind.OpenBrace: return Block();
            case HclTokenKind.Word when token.Text is "true" or "false": return Take(token.Text == "true");
            case HclTokenKind.Word when token.Text == "null": return Take(null);
            default: throw _lexer.Fail("a value was expected");
        }
    }

    private object? Take(object? value)
    {
        _lexer.Next();
        return value;
    }

    private List<object?> List()
    {
        if (++_depth > DepthMax) throw _lexer.Fail("too many nested lists");
        var values = new List<object?>();
        _lexer.Next();
        while (_lexer.Current.Kind != HclTokenKind.CloseBracket)
        {
            values.Add(Value());
            if (_lexer.Current.Kind == HclTokenKind.Comma) _lexer.Next();
            else if (_lexer.Current.Kind != HclTokenKind.CloseBracket) throw _lexer.Fail("error parsing list, expected comma or list end");
        }
        _lexer.Next();
        _depth--;
        return values;
    }
}
