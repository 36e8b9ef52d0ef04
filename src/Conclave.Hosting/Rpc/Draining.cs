namespace Conclave.Hosting.Calls;

/// <summary>
/// Whether a server that leaves still takes requests. Once it does not, whoever needs a leader is told that there is none, also those who waited for one, and turns to
/// another server; stale reads are answered to the end. Thread-safe.
/// </summary>
internal sealed class Draining : IDisposable
{
    private readonly CancellationTokenSource _begun = new();

    /// <summary>No requests are taken any more.</summary>
    public bool IsOn => _begun.IsCancellationRequested;

    /// <summary>Cancelled when it begins.</summary>
    public CancellationToken Begun => _begun.Token;

    /// <summary>From now on.</summary>
    public Task BeginAsync() => _begun.CancelAsync();

    /// <inheritdoc/>
    public void Dispose() => _begun.Dispose();
}
