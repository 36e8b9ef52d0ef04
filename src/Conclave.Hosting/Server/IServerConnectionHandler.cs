namespace Conclave.Hosting;

/// <summary>Serves the connections to the server port that begin with one <see cref="Rpc.ConnectionKind"/>. Several at a time, each on its own.</summary>
internal interface IServerConnectionHandler
{
    /// <summary>Serves one connection until it ends. The listener closes it afterwards; an <see cref="IOException"/> or a cancellation ends it quietly.</summary>
    Task ServeAsync(ServerConnection connection, CancellationToken stop);
}
