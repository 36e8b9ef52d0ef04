using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Raft;

namespace Conclave.Node;

/// <summary>Linearizable reads that wait for Raft's word and then for the state to have applied what it named.</summary>
internal sealed class ReadBarriers(RaftCore raft, Outbox outbox)
{
    private readonly Dictionary<ulong, NodeRequest> _asked = [];
    private readonly Queue<(LogIndex Index, NodeRequest Request)> _granted = new();
    private ulong _lastContext;

    public void Add(NodeRequest request)
    {
        _asked.Add(++_lastContext, request);
        raft.RequestRead(_lastContext);
    }

    public void OnAnswered(in ReadGranted read)
    {
        if (!_asked.Remove(read.Context, out var request)) return;
        if (read.Granted) _granted.Enqueue((read.Index, request));
        else Fail(request, ErrorTexts.NoLeader);
    }

    /// <summary>Answers what the state, applied up to <paramref name="applied"/>, allows.</summary>
    public void Complete(LogIndex applied)
    {
        while (_granted.TryPeek(out var first) && first.Index <= applied)
        {
            _granted.Dequeue();
            first.Request.Result = ApplyResult.None;
            outbox.Complete(first.Request);
        }
    }

    /// <summary>Fails all that wait.</summary>
    public void FailAll(string text)
    {
        foreach (var request in _asked.Values) Fail(request, text);
        _asked.Clear();
        while (_granted.TryDequeue(out var granted)) Fail(granted.Request, text);
    }

    private void Fail(NodeRequest request, string text)
    {
        request.Result = ApplyResult.Error(text);
        outbox.Complete(request);
    }
}
