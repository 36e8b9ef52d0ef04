using System.Net.Sockets;
using Conclave.Gossip;
using Conclave.Hosting.Agent.Probes;

namespace Conclave.Hosting.Gossip;

/// <summary>
/// One stream, dialled or accepted. It reads only when the loop has taken what was read before. Its verbs are for the loop; its end is told to the inbox, last.
/// </summary>
internal sealed class GossipStream : IDisposable
{
    private const int BufferBytes = 16 * 1024;

    // After an answer the other side gets this long to read it: closing a socket with unread input would take the answer back.
    private static readonly TimeSpan AnswerLinger = TimeSpan.FromSeconds(1);

    private readonly Socket _socket;
    private readonly GossipInbox _inbox;
    private readonly ReadOnlyMemory<byte> _request;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _isTaken = new(0, 1);
    private Task _answer = Task.CompletedTask;
    private volatile bool _isDone;

    /// <param name="number">Positive for a dialled stream, negative for an accepted one.</param>
    /// <param name="socket">Owned from now on.</param>
    /// <param name="remote">The other side.</param>
    /// <param name="request">What a dialled stream begins with.</param>
    /// <param name="inbox">Where its bytes and its end go.</param>
    public GossipStream(long number, Socket socket, GossipEndpoint remote, ReadOnlyMemory<byte> request, GossipInbox inbox) =>
        (Number, _socket, Remote, _request, _inbox) = (number, socket, remote, request, inbox);

    public long Number { get; }

    public GossipEndpoint Remote { get; }

    /// <summary>What was read last, for the loop; <see cref="Take"/> gives it back.</summary>
    public byte[] Buffer { get; } = new byte[BufferBytes];

    /// <summary>Whether the pool has done with it: its end need not be told.</summary>
    public bool IsDone => _isDone;

    /// <summary>Why it ended, or null when the other side closed it.</summary>
    public string? Error { get; private set; }

    /// <summary>The stream's life; never fails.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    public void Start() => Running = RunAsync();

    /// <summary>Ends it before it has begun.</summary>
    public void Abort(string reason)
    {
        Error = reason;
        _inbox.Post(GossipInputKind.StreamEnded, this);
    }

    /// <summary>The loop has used the buffer: reading goes on.</summary>
    public void Take() => _isTaken.Release();

    /// <summary>Sends the answer, then closes. The time limit is the pool's for streams.</summary>
    public void Answer(ReadOnlyMemory<byte> answer, TimeSpan timeout)
    {
        _isDone = true;
        _answer = AnswerAsync(answer, timeout);
    }

    /// <summary>Closes without another word.</summary>
    public void Close()
    {
        _isDone = true;
        _stop.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _stop.Dispose();
        _isTaken.Dispose();
    }

    private async Task RunAsync()
    {
        bool isOpen = Number <= 0;
        try
        {
            if (!isOpen)
            {
                await _socket.ConnectAsync(Remote.ToIPEndPoint(), _stop.Token).ConfigureAwait(false);
                isOpen = true;
                await SendAsync(_request, _stop.Token).ConfigureAwait(false);
            }
            await ReadAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Error = "closed";
        }
        catch (SocketException failure)
        {
            Error = isOpen ? ProbeErrors.Reason(failure) : $"dial tcp {Remote}: {ProbeErrors.Reason(failure)}";
        }
        await _answer.ConfigureAwait(false);
        _socket.Dispose();
        _inbox.Post(GossipInputKind.StreamEnded, this);
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            int bytes = await _socket.ReceiveAsync(Buffer, SocketFlags.None, _stop.Token).ConfigureAwait(false);
            if (bytes == 0) return;
            if (_isDone) continue;                                     // whatever follows an answer is of no interest
            _inbox.Post(GossipInputKind.StreamBytes, this, bytes);
            await _isTaken.WaitAsync(_stop.Token).ConfigureAwait(false);
        }
    }

    private async Task AnswerAsync(ReadOnlyMemory<byte> answer, TimeSpan timeout)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(timeout);
        try
        {
            await SendAsync(answer, limit.Token).ConfigureAwait(false);
            _socket.Shutdown(SocketShutdown.Send);
            _stop.CancelAfter(AnswerLinger);
        }
        catch (Exception gone) when (gone is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The other side did not wait for its answer; it will ask again.
            _stop.Cancel();
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty) bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, stop).ConfigureAwait(false)..];
    }
}
