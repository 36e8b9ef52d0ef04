using System.Net.Sockets;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Failures of the network in the words that operators know from check output and match on in alerts.</summary>
internal static class ProbeErrors
{
    /// <summary>Why connecting to <paramref name="target"/> failed.</summary>
    public static string Dial(string network, string target, string host, Exception failure) => Find<SocketException>(failure) switch
    {
        { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => $"dial {network}: lookup {host}: no such host",
        { } socket => $"dial {network} {target}: {Reason(socket)}",
        null when failure is OperationCanceledException => $"dial {network} {target}: i/o timeout",
        null => $"dial {network} {target}: {failure.Message}",
    };

    /// <summary>The reason alone.</summary>
    public static string Reason(SocketException socket) => socket.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connect: connection refused",
        SocketError.ConnectionReset => "connection reset by peer",
        SocketError.NetworkUnreachable => "connect: network is unreachable",
        SocketError.HostUnreachable => "connect: no route to host",
        SocketError.TimedOut => "i/o timeout",
        _ => socket.Message,
    };

    /// <summary>The first exception of a kind in a chain of causes.</summary>
    public static T? Find<T>(Exception failure) where T : Exception
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
            if (cause is T found) return found;
        return null;
    }
}
