namespace Conclave.Agent.Configuration;

/// <summary>Where a listener binds: an IP address with a port, or a unix socket.</summary>
/// <param name="Host">IP address, or the socket's path when <paramref name="IsUnixSocket"/>.</param>
/// <param name="Port">TCP or UDP port; 0 for a unix socket.</param>
/// <param name="IsUnixSocket">Whether <paramref name="Host"/> is a path.</param>
public readonly record struct ListenAddress(string Host, int Port, bool IsUnixSocket)
{
    private const string UnixScheme = "unix://";

    /// <summary>Reads <c>unix://path</c> or an address.</summary>
    public static ListenAddress From(string address, int port) =>
        address.StartsWith(UnixScheme, StringComparison.Ordinal)
            ? new ListenAddress(address[UnixScheme.Length..], 0, true)
            : new ListenAddress(address, port, false);

    /// <summary><c>unix://path</c> or <c>ip:port</c>, with brackets around IPv6 addresses.</summary>
    public override string ToString() =>
        IsUnixSocket ? UnixScheme + Host : Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
