using Xunit;

namespace Conclave.Core.Tests.Text;

public sealed class GoQuoteTests
{
    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("a/b c", "\"a/b c\"")]
    [InlineData("say \"no\" \\", "\"say \\\"no\\\" \\\\\"")]
    [InlineData("\a\b\f\n\r\t\v", "\"\\a\\b\\f\\n\\r\\t\\v\"")]
    [InlineData("\u0001\u007f", "\"\\x01\\x7f\"")]
    [InlineData("äß€", "\"äß€\"")]
    [InlineData("\u00a0\u200b", "\"\\u00a0\\u200b\"")]
    [InlineData("\U000e0001", "\"\\U000e0001\"")]
    [InlineData("😀", "\"😀\"")]
    public void A_text_is_quoted_as_go_does(string text, string quoted) => Assert.Equal(quoted, GoQuote.Quote(text));

    [Fact]
    public void Bytes_that_are_no_text_show_as_numbers() => Assert.Equal("\"a\\xff\\xc3b\"", GoQuote.Quote([(byte)'a', 0xff, 0xc3, (byte)'b']));
}
