using System.Text;
using System.Text.RegularExpressions;
using Conclave.Core.Patterns;

namespace Conclave.Core.Tests.Patterns;

/// <summary>Regular expressions from anybody: what they mean, and that none takes long.</summary>
public sealed class LinearPatternTests
{
    [Theory]
    [InlineData("", "anything", true)]
    [InlineData("web", "my web server", true)]
    [InlineData("^web-[0-9]+$", "web-12", true)]
    [InlineData("^web$", "web\n", false)]
    [InlineData("(?m)^b$", "a\nb\nc", true)]
    [InlineData("a.c", "a\nc", false)]
    [InlineData("(?s)a.c", "a\nc", true)]
    [InlineData("^(a|bc)*d?$", "abcabcd", true)]
    [InlineData("^(a|bc)*d?$", "abcabc!", false)]
    [InlineData("^a{2,3}$", "aa", true)]
    [InlineData("^a{2,3}$", "aaaa", false)]
    [InlineData("^a{2,}$", "aaaaa", true)]
    [InlineData("^a{2}b{0}$", "aa", true)]
    [InlineData("a{,2}", "a{,2}", true)]
    [InlineData("x{", "x{", true)]
    [InlineData("^a+?b??$", "aab", true)]
    [InlineData("^()*$", "", true)]
    [InlineData("^(a*)*$", "aaa", true)]
    [InlineData(@"^\d+$", "٣", false)]
    [InlineData(@"^\D+$", "٣", true)]
    [InlineData(@"^[\w-]+$", "a-b_9", true)]
    [InlineData(@"^[^\s]+$", "a b", false)]
    [InlineData(@"^[\D]+$", "a1", false)]
    [InlineData("^[[:alpha:]-]+$", "a-b", true)]
    [InlineData("^[[:^alpha:]]+$", "12", true)]
    [InlineData("^[]a]+$", "]a", true)]
    [InlineData("^[^]a]+$", "bc", true)]
    [InlineData("^[a[]+$", "[a", true)]
    [InlineData("^[a-]+$", "-a", true)]
    [InlineData(@"^[\x41-\x{43}]+$", "ABC", true)]
    [InlineData(@"(?P<x>a)\z", "a", true)]
    [InlineData(@"\Aa(?:b)\z", "ab", true)]
    [InlineData(@"\bfoo\b", "a foo b", true)]
    [InlineData(@"\bfoo\b", "afoo b", false)]
    [InlineData(@"o\B", "foo", true)]
    [InlineData(@"^\Qa.b\E$", "a.b", true)]
    [InlineData(@"^\Qa.b\E$", "axb", false)]
    [InlineData(@"^\Qab\E+$", "abbb", true)]
    [InlineData("(?i)WEB", "web", true)]
    [InlineData("(?i:W)EB", "wEB", true)]
    [InlineData("(?i:W)EB", "web", false)]
    [InlineData("(?i)[^a]", "A", false)]
    [InlineData("((?i)a)b", "AB", false)]
    [InlineData(@"^\pL+$", "żółw", true)]
    [InlineData(@"^\p{Lu}\P{Lu}$", "Ża", true)]
    [InlineData(@"^\p{^Lu}$", "Ż", false)]
    [InlineData(@"^\101\x42\t$", "AB\t", true)]
    [InlineData("^.$", "😀", true)]
    [InlineData("^[😀-😂]$", "😁", true)]
    public void Expressions_mean_what_they_mean_to_peers(string pattern, string text, bool isMatch)
    {
        Assert.True(LinearPattern.TryParse(pattern, out var parsed, out string error), error);
        Assert.Equal(isMatch, parsed.IsMatch(text));
    }

    [Theory]
    [InlineData("(unclosed", "missing closing ): `(unclosed`")]
    [InlineData("a)", "unexpected ): `a)`")]
    [InlineData("[a", "missing closing ]: `[a`")]
    [InlineData("*a", "missing argument to repetition operator: `*`")]
    [InlineData("({2})", "missing argument to repetition operator: `{2}`")]
    [InlineData("a**", "invalid nested repetition operator: `**`")]
    [InlineData("a{1001}", "invalid repeat count: `{1001}`")]
    [InlineData("a{3,2}", "invalid repeat count: `{3,2}`")]
    [InlineData("[z-a]", "invalid character class range: `z-a`")]
    [InlineData("[[:no:]]", "invalid character class range: `[:no:]`")]
    [InlineData(@"\p{No Such}", @"invalid character class range: `\p{No Such}`")]
    [InlineData("(?=look)", "invalid or unsupported Perl syntax: `(?=`")]
    [InlineData(@"(a)\1", @"invalid escape sequence: `\1`")]
    [InlineData(@"\y", @"invalid escape sequence: `\y`")]
    [InlineData("\\", "trailing backslash at end of expression: ``")]
    [InlineData("((a{99}){99}){99}", "expression too large")]
    [InlineData("((){1000}){1000}", "expression too large")]
    public void What_is_no_expression_is_refused_with_a_reason(string pattern, string reason)
    {
        Assert.False(LinearPattern.TryParse(pattern, out _, out string error));
        Assert.Equal("error parsing regexp: " + reason, error);
    }

    [Fact]
    public void Nesting_and_length_are_bounded()
    {
        Assert.False(LinearPattern.TryParse(new string('(', 500) + new string(')', 500), out _, out _));
        Assert.False(LinearPattern.TryParse(new string('a', LinearPattern.LengthMax + 1), out _, out _));
        Assert.True(LinearPattern.TryParse(new string('(', 100) + new string(')', 100), out _, out _));
    }

    [Theory]
    [InlineData("(.*a.{200})*b")]
    [InlineData("(a+)+$b")]
    [InlineData("(a?){500}a{500}b")]
    [InlineData("(.{0,9}){0,9}(.{0,9}){0,9}x")]
    public void Expressions_that_occupy_other_engines_for_long_are_work_in_proportion_here(string pattern)
    {
        Assert.True(LinearPattern.TryParse(pattern, out var parsed, out string error), error);
        Assert.False(parsed.IsMatch(new string('a', 512)));
    }

    [Fact]
    public void On_what_both_understand_it_agrees_with_the_base_library()
    {
        string[] pieces = ["a", "b", ".", "(", ")", "|", "*", "+", "?", "[ab]", "[^a]", "{2}", "^", "(?i)", "B"];
        var random = new Prng(11);
        int compared = 0;
        for (int round = 0; round < 20_000; round++)
        {
            var pattern = new StringBuilder();
            for (int i = (int)random.Next(8); i >= 0; i--) pattern.Append(pieces[random.Next(pieces.Length)]);
            if (!LinearPattern.TryParse(pattern.ToString(), out var parsed, out _) || Baseline(pattern.ToString()) is not { } baseline) continue;
            var text = new StringBuilder();
            for (int i = (int)random.Next(7); i > 0; i--) text.Append("abAc"[(int)random.Next(4)]);
            Assert.True(baseline.IsMatch(text.ToString()) == parsed.IsMatch(text.ToString()), $"{pattern} on {text}");
            compared++;
        }
        Assert.True(compared > 3000);
    }

    private static Regex? Baseline(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
