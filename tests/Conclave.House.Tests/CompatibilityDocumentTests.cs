using System.Text;
using Conclave.Hosting.Configuration;

namespace Conclave.Tests.House;

/// <summary><c>docs/compatibility.md</c> lists the configuration keys as the program knows them.</summary>
public sealed class CompatibilityDocumentTests
{
    private const string Document = "docs/compatibility.md";

    [Fact]
    public void Options_are_listed_as_the_program_knows_them()
    {
        var table = new StringBuilder("| key | flag | | remark |\n|---|---|---|---|\n");
        foreach (var key in ConfigKeys.All)
            table.Append("| `").Append(key.Path).Append("` | ").Append(key.Flag.Length == 0 ? "" : $"`-{key.Flag}`").Append(" | ").Append(WordFor(key.Status)).Append(" | ").Append(key.Note).Append(" |\n");
        Recorded.ComparePart(Document, "options", table.ToString());
    }

    [Fact]
    public void Keys_that_a_reload_takes_over_are_listed()
    {
        var list = new StringBuilder();
        foreach (var key in ConfigKeys.All)
            if (key.IsReloadable) list.Append(list.Length == 0 ? "`" : ",\n`").Append(key.Path).Append('`');
        Recorded.ComparePart(Document, "reload", list.Append('\n').ToString());
    }

    [Fact]
    public void Keys_that_a_reload_takes_over_have_an_effect() =>
        Assert.All(ConfigKeys.All.Where(static key => key.IsReloadable), static key => Assert.Equal(ConfigKeyStatus.Works, key.Status));

    private static string WordFor(ConfigKeyStatus status) => status switch
    {
        ConfigKeyStatus.Works => "works",
        ConfigKeyStatus.Stored => "stored",
        ConfigKeyStatus.Ignored => "warned",
        _ => "refused",
    };
}
