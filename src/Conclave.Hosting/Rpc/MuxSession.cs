using System.Buffers;
using Conclave.Core;
using Conclave.Rpc.Mux;

namespace Conclave.Hosting.Calls;

/// <summary>
/// Runs one multiplexed connection: a loop that reads, a loop that writes, a timer. The multiplexer is touched under <see cref="Gate"/> only; nothing that waits
/// or takes long happens there.
/// </summary>
internal abstract class MuxSession : IMuxOwner, IDisposable
{
    private const int ReadBytes = 64 * 1024, WriteBytes = 128 * 1024;

    private readonly SystemClock _clock;
    private readonly TimeProvider _time;
    private readonly TimeSpan _writeTimeout;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly ITimer _timer;
    private Instant _timerSetTo = Instant.Never;                       // Guarded by Gate.

    protected MuxSession(MuxRole role, MuxLimits limits, TimeSpan writeTimeout, TimeProvider time)
    {
        (_time, _writeTimeout) = (time, writeTimeout);
        _clock = new SystemClock(time);
        Mux = new StreamMux(role, limits, this, _clock.Now);
        _timer = time.CreateTimer(static self => ((MuxSession)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Guards <see cref="Mux"/> and whatever belongs to its streams.</summary>
    protected Lock Gate { get; } = new();

    /// <summary>The streams. Only under <see cref="Gate"/>.</summary>
    protected StreamMux Mux { get; }

    /// <summary>Runs until the connection is over; owns it. Never throws for what the other side or the network does.</summary>
    /// <returns>Why it ended; empty as a matter of course.</returns>
    public async Task<string> RunAsync(Stream connection, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var writing = WriteAsync(connection, over);
        string reason = await ReadAsync(connection, over.Token).ConfigureAwait(false);
        End(reason);
        await writing.ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
        lock (Gate) return Mux.Failure ?? "";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        End("");
        _timer.Dispose();
        _wake.Dispose();
    }

    /// <summary>Ends the connection and with it all streams.</summary>
    protected void End(string reason)
    {
        lock (Gate) Mux.Close(reason);
        Wake();
    }

    /// <summary>Lets the writing loop look at the multiplexer. After anything was done to it.</summary>
    protected void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            return;                                                    // somebody else woke it in the same moment
        }
        catch (ObjectDisposedException)
        {
            return;                                                    // a reply for a connection that is gone
        }
    }

    /// <summary>Called outside <see cref="Gate"/> after bytes were taken in: whatever they brought can be worked on.</summary>
    protected virtual void AfterRead()
    {
    }

    /// <summary>Called outside <see cref="Gate"/> after bytes were sent: there may be room again.</summary>
    protected virtual void AfterWrite()
    {
    }

    /// <inheritdoc/>
    public abstract void OnOpened(MuxStream stream);

    /// <inheritdoc/>
    public abstract void OnData(MuxStream stream, ReadOnlySpan<byte> bytes);

    /// <inheritdoc/>
    public abstract void OnFinished(MuxStream stream);

    /// <inheritdoc/>
    public abstract void OnEnded(MuxStream stream, MuxStreamEnd end);

    private async Task<string> ReadAsync(Stream connection, CancellationToken stop)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            while (true)
            {
                int read = await connection.ReadAsync(buffer, stop).ConfigureAwait(false);
                if (read == 0) return "the other side closed the connection";
                bool hasOutput, isOver;
                lock (Gate)
                {
                    Mux.OnTick(_clock.Now);
                    Mux.OnBytes(buffer.AsSpan(0, read));
                    (hasOutput, isOver) = (Mux.HasOutput, Mux.IsOver);
                }
                AfterRead();
                if (hasOutput || isOver) Wake();
                if (isOver) return "";
            }
        }
        catch (Exception ended) when (IsConnectionEnd(ended))
        {
            return stop.IsCancellationRequested ? "" : ended.Message;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Ends when the multiplexer is over and its last words are out, and ends the reading loop too.
    private async Task WriteAsync(Stream connection, CancellationTokenSource over)
    {
        using var output = new PooledBuffer(4096);
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        await using var link = over.Token.UnsafeRegister(static patience => ((CancellationTokenSource)patience!).Cancel(), patience).ConfigureAwait(false);
        try
        {
            while (true)
            {
                bool isOver = FillOutput(output);
                if (output.WrittenCount > 0)
                {
                    patience.CancelAfter(_writeTimeout);
                    await connection.WriteAsync(output.WrittenMemory, patience.Token).ConfigureAwait(false);
                    patience.CancelAfter(Timeout.InfiniteTimeSpan);
                    AfterWrite();
                }
                else if (isOver) return;
                else await _wake.WaitAsync(over.Token).ConfigureAwait(false);
            }
        }
        catch (Exception ended) when (IsConnectionEnd(ended))
        {
            End(over.IsCancellationRequested ? "" : patience.IsCancellationRequested ? "the other side does not read" : ended.Message);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
        }
    }

    private bool FillOutput(PooledBuffer output)
    {
        output.Clear();
        lock (Gate)
        {
            Mux.OnTick(_clock.Now);
            Mux.Fill(output, WriteBytes);
            if (output.WrittenCount == 0) SetTimer();
            return Mux.IsOver;
        }
    }

    private void SetTimer()
    {
        var wake = Mux.NextWake;
        if (wake == _timerSetTo || wake == Instant.Never) return;
        _timerSetTo = wake;
        var sleep = wake - _clock.Now;
        _timer.Change(sleep < TimeSpan.Zero ? TimeSpan.Zero : sleep, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        lock (Gate) _timerSetTo = Instant.Never;
        Wake();
    }

    private static bool IsConnectionEnd(Exception failure) => failure is IOException or System.Net.Sockets.SocketException or OperationCanceledException or ObjectDisposedException;
}
