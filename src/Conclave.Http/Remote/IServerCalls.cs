using Conclave.Rpc.Messages;

namespace Conclave.Http.Remote;

/// <summary>The servers, as an agent without a state of its own asks them. Thread-safe.</summary>
public interface IServerCalls
{
    /// <summary>
    /// Calls a method of any server. What the network does, and servers that have no leader, is hidden by trying again up to the hold time: a call that changes something only
    /// when it certainly was not carried out.
    /// </summary>
    /// <param name="method">Name of the method.</param>
    /// <param name="argument">Its encoded argument.</param>
    /// <param name="isRepeatable">Carrying it out twice does no harm.</param>
    /// <param name="stop">Ends the waiting, and the call at the server when it only reads.</param>
    ValueTask<ServerReply> AskAsync(ReadOnlyMemory<byte> method, ReadOnlyMemory<byte> argument, bool isRepeatable, CancellationToken stop);

    /// <summary>Begins to read an archive of the servers' state.</summary>
    ValueTask<ArchiveDownload> SaveSnapshotAsync(bool allowStale, CancellationToken stop);

    /// <summary>Has the servers put an archive in the place of their state. Gives the text of an error, or none.</summary>
    ValueTask<string> RestoreSnapshotAsync(ReadOnlyMemory<byte> archive, CancellationToken stop);
}

/// <summary>What a call gave.</summary>
/// <param name="Result">The encoded result; the receiver's own memory.</param>
/// <param name="Error">The complete text of an error, or null.</param>
public readonly record struct ServerReply(ReadOnlyMemory<byte> Result, string? Error);

/// <summary>An archive on its way. The holder disposes of it.</summary>
/// <param name="Archive">Its bytes until the end; null when there is an error.</param>
/// <param name="Meta">What stands beside it.</param>
/// <param name="Error">The text of an error, or none.</param>
public readonly record struct ArchiveDownload(Stream? Archive, QueryMeta Meta, string Error) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Archive?.Dispose();
}
