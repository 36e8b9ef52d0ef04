using System.Collections.Concurrent;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>Spare requests of one node. Bounded: what does not fit is left to the garbage collector.</summary>
internal sealed class RequestPool
{
    private const int SpareMax = 1024;

    private readonly ConcurrentQueue<GatewayRequest> _spare = new();
    private int _count;

    public GatewayRequest Rent(NodeRequestKind kind)
    {
        if (_spare.TryDequeue(out var request)) Interlocked.Decrement(ref _count);
        else request = new GatewayRequest(this);
        request.Begin(kind);
        return request;
    }

    public void Return(GatewayRequest request)
    {
        if (Interlocked.Increment(ref _count) <= SpareMax) _spare.Enqueue(request);
        else Interlocked.Decrement(ref _count);
    }
}
