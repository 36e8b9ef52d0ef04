using Conclave.Node.Streaming;
using Conclave.Rpc;
using Conclave.Rpc.Grpc;

namespace Conclave.Fuzz.Targets;

/// <summary>What a server tells a subscriber: a view of it stays sorted, within its bound and moves its index back only with an answer that was told anew.</summary>
internal static class ViewTarget
{
    private const int BytesMax = 1 << 20;

    public static void Run(ReadOnlySpan<byte> data)
    {
        var view = new ServiceView(BytesMax);
        view.Begin();
        while (TryNext(ref data, out var message))
        {
            ulong before = view.Index;
            bool isAnew;
            try
            {
                var step = view.Take(message);
                isAnew = step == ViewStep.TooLarge || StreamEventReader.Read(message, []).Kind == StreamEventKind.EndOfSnapshot;
            }
            catch (RpcFormatException)
            {
                isAnew = false;
                Promise.Holds(view.Index == before, "a malformed message changes nothing");
            }
            Promise.Holds(view.Index >= before || isAnew, "only an answer that was told anew moves the index back");
            Promise.Holds(view.Bytes is >= 0 and <= BytesMax, "a view stays within its bound");
        }
        if (view.Publish() is { } rows) Check(rows);
    }

    private static bool TryNext(ref ReadOnlySpan<byte> data, out ReadOnlySpan<byte> message)
    {
        message = default;
        try
        {
            if (!GrpcFraming.TryRead(data, StreamEventReader.MessageBytesMax, out message)) return false;
        }
        catch (RpcFormatException)
        {
            return false;
        }
        data = data[(GrpcFraming.PrefixBytes + message.Length)..];
        return true;
    }

    private static void Check(ServiceRows rows)
    {
        for (int i = 1; i < rows.Rows.Count; i++)
        {
            int order = string.CompareOrdinal(rows.Rows[i - 1].Node.Name, rows.Rows[i].Node.Name);
            Promise.Holds(order < 0 || order == 0 && string.CompareOrdinal(rows.Rows[i - 1].Service.Id, rows.Rows[i].Service.Id) < 0, "instances are sorted, each once");
        }
    }
}
