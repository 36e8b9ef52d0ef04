using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Conclave.Hosting.Configuration;

/// <summary>
/// Addresses with the few <c>{{ … }}</c> templates that launch scripts use: <c>GetPrivateIP</c>, <c>GetPublicIP</c>, <c>GetInterfaceIP "eth0"</c>, each also in
/// the plural.
/// </summary>
internal static class AddressTemplate
{
    private const string Open = "{{", Close = "}}";

    /// <summary>One address.</summary>
    /// <exception cref="ConfigValueException">None, several, or an unknown template.</exception>
    public static string Single(string key, string text)
    {
        var addresses = Several(key, text);
        return addresses.Count switch
        {
            0 when text.Length == 0 => "",
            0 => throw new ConfigValueException($"{key}: no address found for '{text}', please configure one"),
            1 => addresses[0],
            _ => throw new ConfigValueException($"Multiple addresses found for '{text}', please configure one"),
        };
    }

    /// <summary>Addresses separated by spaces; templates may yield several.</summary>
    public static IReadOnlyList<string> Several(string key, string text)
    {
        var addresses = new List<string>();
        foreach (var part in Expand(key, text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) addresses.Add(Unbracketed(part));
        return addresses;
    }

    private static string Unbracketed(string address) => address is ['[', .., ']'] ? address[1..^1] : address;

    private static string Expand(string key, string text)
    {
        for (var open = text.IndexOf(Open, StringComparison.Ordinal); open >= 0; open = text.IndexOf(Open, StringComparison.Ordinal))
        {
            var close = text.IndexOf(Close, open, StringComparison.Ordinal);
            if (close < 0) throw new ConfigValueException($"{key}: error parsing: unclosed action in \"{text}\"");
            var value = string.Join(' ', Evaluate(key, text[(open + 2)..close].Trim()));
            text = text[..open] + value + text[(close + 2)..];
        }
        return text;
    }

    private static List<string> Evaluate(string key, string call)
    {
        var space = call.IndexOfAny([' ', '\t']);
        var name = space < 0 ? call : call[..space];
        var argument = space < 0 ? "" : call[space..].Trim().Trim('"', '`', '\\');
        return name switch
        {
            "GetPrivateIP" => First(Where(address => IsPrivate(address))),
            "GetPrivateIPs" => Where(address => IsPrivate(address)),
            "GetPublicIP" => First(Where(address => !IsPrivate(address))),
            "GetPublicIPs" => Where(address => !IsPrivate(address)),
            "GetInterfaceIP" => First(OfInterface(argument)),
            "GetInterfaceIPs" => OfInterface(argument),
            _ => throw new ConfigValueException($"{key}: unknown address template \"{call}\"; known are GetPrivateIP, GetPublicIP and GetInterfaceIP \"name\""),
        };
    }

    /// <summary>The first private IPv4 address of this host, or null.</summary>
    internal static string? PrivateAddress() => Where(address => IsPrivate(address)) is [var first, ..] ? first : null;

    private static List<string> First(List<string> addresses) => addresses.Count > 1 ? [addresses[0]] : addresses;

    private static List<string> Where(Func<IPAddress, bool> wanted) => Addresses(_ => true, wanted);

    private static List<string> OfInterface(string name) => Addresses(card => card.Name == name, _ => true);

    private static List<string> Addresses(Func<NetworkInterface, bool> card, Func<IPAddress, bool> wanted)
    {
        var addresses = new List<string>();
        foreach (var candidate in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (candidate.OperationalStatus == OperationalStatus.Down || !card(candidate)) continue;
            foreach (var entry in candidate.GetIPProperties().UnicastAddresses)
                if (entry.Address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(entry.Address) && wanted(entry.Address))
                    addresses.Add(entry.Address.ToString());
        }
        return addresses;
    }

    private static bool IsPrivate(IPAddress address) => address.GetAddressBytes() is [10, ..] or [172, >= 16 and <= 31, ..] or [192, 168, ..] or [100, >= 64 and <= 127, ..] or [169, 254, ..];
}
