using Conclave.Tests;

namespace Conclave.Core.Tests.Time;

public class GoDurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("5s", 5_000_000_000)]
    [InlineData("15.000000s", 15_000_000_000)]
    [InlineData("1.2470853328704834s", 1_247_085_332)]
    [InlineData("1h2m3.5s", 3_723_500_000_000)]
    [InlineData("953ms", 953_000_000)]
    [InlineData("-1.5h", -5_400_000_000_000)]
    [InlineData("+5s", 5_000_000_000)]
    [InlineData("1.s", 1_000_000_000)]
    [InlineData(".5s", 500_000_000)]
    [InlineData("10us", 10_000)]
    [InlineData("10µs", 10_000)]
    [InlineData("10\u03bcs", 10_000)]
    [InlineData("7ns", 7)]
    [InlineData("3h30m", 12_600_000_000_000)]
    [InlineData("0.3333333333333333333h", 1_200_000_000_000)]
    [InlineData("0.100000000000000000000h", 360_000_000_000)]
    [InlineData("9223372036854775807ns", long.MaxValue)]
    [InlineData("-9223372036854775808ns", long.MinValue)]
    [InlineData("9007199254740993ns", 9_007_199_254_740_993)]
    public void Reads_what_Go_reads(string text, long nanoseconds) => Assert.Equal(nanoseconds, GoDuration.Parse(text).Nanoseconds);

    [Theory]
    [InlineData("", "time: invalid duration \"\"")]
    [InlineData("x", "time: invalid duration \"x\"")]
    [InlineData("-", "time: invalid duration \"-\"")]
    [InlineData(".s", "time: invalid duration \".s\"")]
    [InlineData("+.s", "time: invalid duration \"+.s\"")]
    [InlineData("1s ", "time: unknown unit \"s \" in duration \"1s \"")]
    [InlineData("10", "time: missing unit in duration \"10\"")]
    [InlineData("1x", "time: unknown unit \"x\" in duration \"1x\"")]
    [InlineData("1d", "time: unknown unit \"d\" in duration \"1d\"")]
    [InlineData("9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\"")]
    [InlineData("3000000h", "time: invalid duration \"3000000h\"")]
    [InlineData("9223372036854775807h", "time: invalid duration \"9223372036854775807h\"")]
    [InlineData("99999999999999999999s", "time: invalid duration \"99999999999999999999s\"")]
    [InlineData("1\"", "time: unknown unit \"\\\"\" in duration \"1\\\"\"")]
    [InlineData("1é", "time: unknown unit \"\\xc3\\xa9\" in duration \"1\\xc3\\xa9\"")]
    public void Refuses_with_the_words_of_Go(string text, string error)
    {
        Assert.False(GoDuration.TryParse(text, out _, out string said));
        Assert.Equal(error, said);
        Assert.Equal(error, Assert.Throws<FormatException>(() => GoDuration.Parse(text)).Message);
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "1ns")]
    [InlineData(1_100, "1.1µs")]
    [InlineData(2_200_000, "2.2ms")]
    [InlineData(953_000_000, "953ms")]
    [InlineData(1_500_000_000, "1.5s")]
    [InlineData(15_000_000_000, "15s")]
    [InlineData(300_000_000_000, "5m0s")]
    [InlineData(3_723_500_000_000, "1h2m3.5s")]
    [InlineData(3_600_000_000_000, "1h0m0s")]
    [InlineData(-5_400_000_000_000, "-1h30m0s")]
    [InlineData(long.MaxValue, "2562047h47m16.854775807s")]
    [InlineData(long.MinValue, "-2562047h47m16.854775808s")]
    public void Prints_what_Go_prints(long nanoseconds, string text) => Assert.Equal(text, new GoDuration(nanoseconds).ToString());

    // Whole units above 2^53 and printed fractions are exact, so printing and reading come back to the same value.
    [Fact]
    public void Printed_durations_read_back_equal() =>
        Property.Check<long>(n => Math.Abs(GoDuration.Parse(new GoDuration(n).ToString()).Nanoseconds - n) == 0, runs: 2000);

    [Fact]
    public void No_text_makes_the_parser_throw_anything_else() =>
        Property.Check<string>(text => text is null || GoDuration.TryParse(text, out _, out string error) == (error == ""), runs: 2000);

    [Fact]
    public void Time_spans_convert_and_saturate()
    {
        Assert.Equal(TimeSpan.FromSeconds(1.5), GoDuration.Parse("1.5s").ToTimeSpan());
        Assert.Equal("5m0s", GoDuration.From(TimeSpan.FromMinutes(5)).ToString());
        Assert.Equal(long.MaxValue, GoDuration.From(TimeSpan.MaxValue).Nanoseconds);
        Assert.Equal(long.MinValue, GoDuration.From(TimeSpan.MinValue).Nanoseconds);
    }
}
