using System.Text;
using Conclave.Hosting.Configuration;

namespace Conclave.Fuzz.Targets;

/// <summary>Configuration files in both syntaxes: refused or understood.</summary>
internal static class ConfigTarget
{
    public static void Run(ReadOnlySpan<byte> data)
    {
        string text = Encoding.UTF8.GetString(data);
        Read(text, HclConfigParser.Parse);
        Read(text, JsonConfigParser.ParseObject);
    }

    private static void Read(string text, Func<string, ConfigObject> parse)
    {
        try
        {
            parse(text);
        }
        catch (ConfigSyntaxException e)
        {
            Promise.Holds(e.Message.Length > 0, "a refusal has a text");
        }
    }
}
