using System.Globalization;
using System.Text;
using Conclave.Core;

namespace Conclave.Cli.Flags;

/// <summary>The command line is wrong; the message is what the user sees.</summary>
internal sealed class FlagException(string message) : Exception(message);

/// <summary>A flag of a command.</summary>
/// <param name="Name">Name without dashes.</param>
/// <param name="Value">Name of the value for help texts; empty for switches.</param>
/// <param name="Help">One sentence.</param>
/// <param name="IsSwitch">Whether the flag may stand without a value.</param>
/// <param name="Set">Takes the text of the value; throws <see cref="FormatException"/> with the reason.</param>
internal sealed record Flag(string Name, string Value, string Help, bool IsSwitch, Action<string> Set);

/// <summary>
/// Flags in Go's manner, which launchers rely on: <c>-flag value</c>, <c>-flag=value</c>, <c>--flag=value</c>, switches alone or with <c>=false</c>,
/// the first word that is no flag ends them. The texts of errors are Go's.
/// </summary>
internal sealed class FlagSet
{
    private readonly SortedDictionary<string, Flag> _flags = new(StringComparer.Ordinal);

    public IReadOnlyCollection<Flag> All => _flags.Values;

    public void Add(Flag flag) => _flags.Add(flag.Name, flag);

    public void Switch(string name, Action<bool> set, string help) => Add(new Flag(name, "", help, true, text => set(ParseBool(text))));

    public void Text(string name, Action<string> set, string help, string value = "string") => Add(new Flag(name, value, help, false, set));

    public void Integer(string name, Action<int> set, string help, string value = "int") =>
        Add(new Flag(name, value, help, false, text => set(int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException("parse error"))));

    public void Unsigned(string name, Action<ulong> set, string help, string value = "uint") =>
        Add(new Flag(name, value, help, false, text => set(ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException("parse error"))));

    public void Duration(string name, Action<TimeSpan> set, string help, string value = "duration") =>
        Add(new Flag(name, value, help, false, text => set(GoDuration.TryParse(text, out var duration, out string _) ? duration.ToTimeSpan() : throw new FormatException("parse error"))));

    /// <summary>A flag that collects <c>key=value</c> pairs.</summary>
    public void Pairs(string name, ICollection<KeyValuePair<string, string>> into, string help, string value = "key=value") =>
        Add(new Flag(name, value, help, false, text =>
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) throw new FormatException($"missing \"=\" value in argument: {text}");
            into.Add(new(text[..equals], text[(equals + 1)..]));
        }));

    public void Several(string name, ICollection<string> into, string help, string value = "value") => Add(new Flag(name, value, help, false, into.Add));

    /// <summary>Reads the flags and returns the words after them.</summary>
    /// <exception cref="FlagException">A flag is unknown or has no or a wrong value.</exception>
    public IReadOnlyList<string> Parse(IReadOnlyList<string> arguments)
    {
        var at = 0;
        while (at < arguments.Count && arguments[at] is ['-', _, ..] argument)
        {
            at++;
            if (argument == "--") break;
            ParseOne(argument, arguments, ref at);
        }
        return [.. arguments.Skip(at)];
    }

    /// <summary>What is printed below an error: every flag with its sentence.</summary>
    public string Defaults()
    {
        var text = new StringBuilder("Usage:\n");
        foreach (var flag in All) text.Append("  -").Append(flag.Name).Append(flag.IsSwitch ? "" : " value").Append("\n    \t").Append(flag.Help).Append('\n');
        return text.ToString();
    }

    /// <summary>Reads a boolean in one of Go's spellings.</summary>
    public static bool ParseBool(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw new FormatException("parse error"),
    };

    private void ParseOne(string argument, IReadOnlyList<string> arguments, ref int at)
    {
        var body = argument[(argument[1] == '-' ? 2 : 1)..];
        if (body is [] or ['-' or '=', ..]) throw new FlagException($"bad flag syntax: {argument}");
        var equals = body.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? body : body[..equals];
        if (!_flags.TryGetValue(name, out var flag)) throw new FlagException($"flag provided but not defined: -{name}");
        var value = equals < 0 ? null : body[(equals + 1)..];
        if (value is null && flag.IsSwitch) value = "true";
        if (value is null && at < arguments.Count) value = arguments[at++];
        if (value is null) throw new FlagException($"flag needs an argument: -{name}");
        try
        {
            flag.Set(value);
        }
        catch (FormatException error)
        {
            throw new FlagException(flag.IsSwitch
                ? $"invalid boolean value \"{value}\" for -{name}: {error.Message}"
                : $"invalid value \"{value}\" for flag -{name}: {error.Message}");
        }
    }
}
