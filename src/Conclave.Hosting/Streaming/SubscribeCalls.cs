using Conclave.Node;
using Conclave.Rpc;
using Conclave.Rpc.Grpc;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Streaming;

/// <summary>Answers the gRPC calls of client agents: subscriptions to services, and nothing else.</summary>
/// <param name="gateway">The node.</param>
/// <param name="feeds">What is subscribed to.</param>
/// <param name="limits">Bounds.</param>
/// <param name="time">Timers.</param>
/// <param name="log">Where lines go.</param>
internal sealed class SubscribeCalls(INodeGateway gateway, ServiceFeeds feeds, StreamingLimits limits, TimeProvider time, ILogger log) : IHttpApplication<GrpcCall>
{
    private const string MustStartAnew = "subscription closed by server, client must reset state and resubscribe";
    private const string Service = "subscribe.StateChangeSubscription";

    // Whole answers may be large: sent in pieces, so that a slow subscriber is noticed between two.
    private const int PieceBytes = 64 * 1024;

    /// <inheritdoc/>
    public GrpcCall CreateContext(IFeatureCollection contextFeatures) => new(contextFeatures);

    /// <inheritdoc/>
    public void DisposeContext(GrpcCall context, Exception? exception)
    {
        // Nothing is held.
    }

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(GrpcCall context)
    {
        if (!context.IsCall()) return;
        try
        {
            if (context.Path == SubscribeRequest.MethodPath) await SubscribeAsync(context).ConfigureAwait(false);
            else context.Finish(GrpcStatus.Unimplemented, Unknown(context.Path));
        }
        catch (Exception) when (context.Departure.IsCancellationRequested)
        {
            return;                                                    // nobody is there to be told
        }
        catch (RpcFormatException malformed)
        {
            context.Finish(GrpcStatus.Internal, malformed.Message);
        }
        catch (Exception broken)
        {
            StreamingLog.CallFailed(log, broken);                      // one call's failure is not the others'
            context.Finish(GrpcStatus.Internal, "internal error");
        }
    }

    private async Task SubscribeAsync(GrpcCall call)
    {
        if (await ReadRequestAsync(call).ConfigureAwait(false) is not { } request) return;
        if (Refusal(request, out string reason) is var refusal and not GrpcStatus.Ok)
        {
            call.Finish(refusal, reason);
            return;
        }
        // Also a stale answer needs a state: a server that has not caught up since its start has none to show yet.
        var grant = await gateway.ReadAsync(ReadMode.Stale, call.Departure).ConfigureAwait(false);
        if (grant.Root is null)
        {
            call.Finish(GrpcStatus.Unavailable, grant.Error ?? ErrorTexts.NoLeader);
            return;
        }
        using var subscription = feeds.Subscribe(new FeedKey(request.Topic, request.Key), request.Index);
        if (subscription is null)
        {
            call.Finish(GrpcStatus.ResourceExhausted, $"more than {limits.FeedsMax} services are subscribed to");
            return;
        }
        StreamingLog.Began(log, request.Topic, request.Key, request.Index, call.Remote);
        await call.StartAsync().ConfigureAwait(false);
        await FollowAsync(call, subscription, request).ConfigureAwait(false);
        StreamingLog.Ended(log, request.Topic, request.Key);
    }

    private async ValueTask<SubscribeRequest?> ReadRequestAsync(GrpcCall call)
    {
        using var patience = new CancellationTokenSource(limits.RequestTimeout, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Departure, patience.Token);
        try
        {
            return SubscribeRequest.Read(await call.ReadMessageAsync(SubscribeRequest.BytesMax, end.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            call.Finish(GrpcStatus.DeadlineExceeded, "no request came in time");
            return null;
        }
    }

    private GrpcStatus Refusal(SubscribeRequest request, out string reason)
    {
        reason = "";
        if (gateway.Identity.IsForeign(request.Datacenter))
        {
            reason = Calls.RpcReads.NoPath;
            return GrpcStatus.Unknown;
        }
        reason = request switch
        {
            { Namespace: not ("" or "default") } => "Namespaces are a Consul Enterprise feature",
            { Key: "" } => "Key is required",
            { Topic: not (StreamTopic.ServiceHealth or StreamTopic.ServiceHealthConnect) } => $"unknown topic {(long)request.Topic}",
            _ => "",
        };
        return reason.Length == 0 ? GrpcStatus.Ok : GrpcStatus.InvalidArgument;
    }

    // Until the subscriber leaves or must start anew.
    private async Task FollowAsync(GrpcCall call, FeedSubscription subscription, SubscribeRequest request)
    {
        foreach (byte[] messages in subscription.TakeStart())
            if (!await SendAsync(call, messages, request).ConfigureAwait(false)) return;
        var changes = new List<FeedEvent>();
        while (true)
        {
            var changed = subscription.Changed;
            changes.Clear();
            switch (subscription.Read(changes))
            {
                case FeedReading.Cut:
                    StreamingLog.Reset(log, request.Topic, request.Key);
                    call.Finish(GrpcStatus.Aborted, MustStartAnew);
                    return;
                case FeedReading.Changes:
                    foreach (var change in changes)
                        if (!await SendAsync(call, change.Messages, request).ConfigureAwait(false)) return;
                    break;
                default:
                    await changed.WaitAsync(call.Departure).ConfigureAwait(false);
                    break;
            }
        }
    }

    // False when the subscriber did not take it in time: its stream is cut then.
    private async ValueTask<bool> SendAsync(GrpcCall call, ReadOnlyMemory<byte> messages, SubscribeRequest request)
    {
        for (int at = 0; at < messages.Length; at += PieceBytes)
        {
            var sending = call.SendAsync(messages.Slice(at, Math.Min(PieceBytes, messages.Length - at)));
            if (sending.IsCompletedSuccessfully)
            {
                _ = sending.Result;
                continue;
            }
            var pending = sending.AsTask();
            try
            {
                await pending.WaitAsync(limits.WriteTimeout, time).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                StreamingLog.Stuck(log, request.Topic, request.Key);
                call.Abort();
                return false;
            }
        }
        return true;
    }

    private static string Unknown(string path)
    {
        int slash = path.LastIndexOf('/');
        if (slash <= 0) return $"malformed method name: \"{path}\"";
        string service = path[1..slash], method = path[(slash + 1)..];
        return service == Service ? $"unknown method {method} for service {service}" : $"unknown service {service}";
    }
}
