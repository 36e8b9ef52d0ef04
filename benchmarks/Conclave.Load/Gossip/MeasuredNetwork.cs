using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Conclave.Load.Gossip;

/// <summary>
/// Stands between the members of a pool: each advertises a port of ours, and we hand its packets on from the port that the sender advertises. Counts packets, and loses some if
/// told to. Streams are passed through untouched.
/// </summary>
internal sealed class MeasuredNetwork : IDisposable
{
    private const int PacketBytesMax = 65_536;

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<int, Place> _byBoundPort = [];
    private readonly List<Task> _running = [];
    private long _packets, _bytes;

    /// <summary>Part of the packets that are lost on the way, 0 to 1.</summary>
    public double Loss { get; set; }

    /// <summary>Packets and bytes that members have sent to each other.</summary>
    public (long Packets, long Bytes) Sent => (Interlocked.Read(ref _packets), Interlocked.Read(ref _bytes));

    /// <summary>Gives a member its place before any traffic.</summary>
    public void Add(MemberPorts ports)
    {
        var place = new Place(ports);
        _byBoundPort.Add(ports.Bound, place);
    }

    /// <summary>Starts to carry traffic between all that were added.</summary>
    public void Start()
    {
        foreach (var place in _byBoundPort.Values)
        {
            place.Streams.Start();
            _running.Add(Task.Run(() => CarryAsync(place)));
            _running.Add(Task.Run(() => AcceptAsync(place)));
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        foreach (var place in _byBoundPort.Values) place.Dispose();
        Task.WaitAll([.. _running], TimeSpan.FromSeconds(10));
        _stop.Dispose();
    }

    private async Task CarryAsync(Place to)
    {
        byte[] buffer = new byte[PacketBytesMax];
        var sender = new SocketAddress(AddressFamily.InterNetwork);
        while (!_stop.IsCancellationRequested)
            try
            {
                int bytes = await to.Packets.ReceiveFromAsync(buffer, SocketFlags.None, sender, _stop.Token);
                // The port is in network order behind the family.
                if (!_byBoundPort.TryGetValue(sender[2] << 8 | sender[3], out var from)) continue;
                Interlocked.Increment(ref _packets);
                Interlocked.Add(ref _bytes, bytes);
                if (Loss > 0 && Random.Shared.NextDouble() < Loss) continue;
                await from.Packets.SendToAsync(buffer.AsMemory(0, bytes), SocketFlags.None, to.Member, _stop.Token);
            }
            catch (SocketException)
            {
                // The member that the last packet went to is gone: what a real network does with it, too.
            }
            catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
    }

    private async Task AcceptAsync(Place to)
    {
        while (!_stop.IsCancellationRequested)
            try
            {
                _ = PassAsync(await to.Streams.AcceptSocketAsync(_stop.Token), to);
            }
            catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
    }

    private async Task PassAsync(Socket accepted, Place to)
    {
        using var near = accepted;
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, to.Ports.Bound, _stop.Token);
            await Task.WhenAll(CopyAsync(near, far), CopyAsync(far, near));
        }
        catch (Exception end) when (end is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One side is gone: closing both tells the other.
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PacketBytesMax);
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var bytes)
                for (int sent = 0; sent < bytes;) sent += await to.SendAsync(buffer.AsMemory(sent, bytes - sent), _stop.Token);
            to.Shutdown(SocketShutdown.Send);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Where one member is reached.</summary>
    private sealed class Place : IDisposable
    {
        public Place(MemberPorts ports)
        {
            Ports = ports;
            Packets.Bind(new IPEndPoint(IPAddress.Loopback, ports.Advertised));
            Streams = new TcpListener(IPAddress.Loopback, ports.Advertised);
            Member = new IPEndPoint(IPAddress.Loopback, ports.Bound).Serialize();
        }

        public MemberPorts Ports { get; }

        public SocketAddress Member { get; }

        public Socket Packets { get; } = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20 };

        public TcpListener Streams { get; }

        public void Dispose()
        {
            Packets.Dispose();
            Streams.Dispose();
        }
    }
}
