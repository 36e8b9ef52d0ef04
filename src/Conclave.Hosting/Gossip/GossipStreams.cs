using System.Net;
using System.Net.Sockets;
using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>The open streams of a pool. Verbs are for the loop; only the acceptor runs beside it.</summary>
internal sealed class GossipStreams(Socket listener, GossipInbox inbox, GossipCounters counters, TimeSpan timeout)
{
    /// <summary>Accepted streams that may be open. The pool takes 128 exchanges; the rest are answers on their way out.</summary>
    public const int AcceptedMax = 256;

    /// <summary>Dialled streams that may be open.</summary>
    public const int DialledMax = 256;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<long, GossipStream> _open = [];         // belongs to the loop
    private int _accepted;
    private int _dialled;
    private long _lastAccepted;

    /// <summary>Takes connections until the listener is closed.</summary>
    public async Task AcceptAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var socket = await listener.AcceptAsync(stop).ConfigureAwait(false);
                if (Volatile.Read(ref _accepted) >= AcceptedMax)
                {
                    counters.CountStreamRefused();
                    socket.Dispose();
                    continue;
                }
                Interlocked.Increment(ref _accepted);
                var stream = new GossipStream(--_lastAccepted, socket, RemoteOf(socket), default, inbox);
                if (!inbox.Post(GossipInputKind.Accepted, stream)) stream.Dispose();
            }
            catch (Exception end) when (stop.IsCancellationRequested && end is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
            catch (SocketException)
            {
                // Reset before it was taken, or no descriptors left: both pass.
                await Task.Delay(PauseAfterFailure, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Begins with an accepted stream if the pool takes it.</summary>
    public void OnAccepted(GossipStream stream, GossipPool pool)
    {
        if (!pool.TryAccept(stream.Number, stream.Remote))
        {
            counters.CountStreamRefused();
            Interlocked.Decrement(ref _accepted);
            stream.Dispose();
            return;
        }
        _open.Add(stream.Number, stream);
        stream.Start();
    }

    /// <summary>Opens a stream. Its failure comes through the inbox, as its end.</summary>
    public void Dial(in GossipDial dial)
    {
        var socket = new Socket(dial.To.IsIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var stream = new GossipStream(dial.Stream, socket, dial.To, dial.Bytes, inbox);
        _open.Add(dial.Stream, stream);
        if (++_dialled <= DialledMax) stream.Start();
        else stream.Abort("too many streams are open");
    }

    /// <summary>Sends the answer of an accepted stream.</summary>
    public void Answer(in GossipAnswer answer)
    {
        if (_open.TryGetValue(answer.Stream, out var stream)) stream.Answer(answer.Bytes, timeout);
    }

    /// <summary>Closes a stream without another word.</summary>
    public void Close(long number)
    {
        if (_open.TryGetValue(number, out var stream)) stream.Close();
    }

    /// <summary>A stream has ended; tells the pool unless it has done with it.</summary>
    public void OnEnded(GossipStream stream, GossipPool pool)
    {
        if (!_open.Remove(stream.Number)) return;
        if (stream.Number < 0) Interlocked.Decrement(ref _accepted);
        else _dialled--;
        if (!stream.IsDone) pool.OnStreamEnded(stream.Number, stream.Error);
        stream.Dispose();
    }

    /// <summary>Closes all and waits until they have ended. The loop is over.</summary>
    public async Task CloseAllAsync()
    {
        foreach (var stream in _open.Values) stream.Close();
        foreach (var stream in _open.Values)
        {
            await stream.Running.ConfigureAwait(false);
            stream.Dispose();
        }
        _open.Clear();
    }

    private static GossipEndpoint RemoteOf(Socket socket) =>
        socket.RemoteEndPoint is IPEndPoint remote ? GossipEndpoint.From(remote.Address, remote.Port) : default;
}
