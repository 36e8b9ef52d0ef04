using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Raft;

namespace Conclave.Node;

/// <summary>What operators ask of the set of servers: removals, which wait for their commit, and handing over.</summary>
internal sealed class ServerRequests(RaftCore raft, Outbox outbox)
{
    private readonly Queue<(LogIndex Index, NodeRequest Request)> _waiting = new();
    private readonly Queue<NodeRequest> _later = new();        // another change is not committed yet

    /// <summary>Takes out a server. A leader may name itself: it leads until that is committed.</summary>
    public void Remove(NodeRequest request)
    {
        if (raft.Configuration.Find(request.ServerId) is not { } server)
        {
            End(request, $"id {GoQuote.Quote(request.ServerId)} was not found in the Raft configuration");
            return;
        }
        if (server.Suffrage == Suffrage.Voter && raft.Configuration.VoterCount == 1)
        {
            End(request, $"id {GoQuote.Quote(request.ServerId)} is the last voter and cannot be removed");
            return;
        }
        var rest = new List<RaftServer>();
        foreach (var other in raft.Configuration.Servers)
            if (other.Id != server.Id) rest.Add(other);
        switch (raft.ProposeConfiguration(new Configuration(rest), out var index))
        {
            case ProposeResult.Accepted: _waiting.Enqueue((index, request)); break;
            case ProposeResult.ConfigurationPending: _later.Enqueue(request); break;
            case ProposeResult.TransferInProgress: End(request, "leadership transfer in progress"); break;
            default: End(request, ErrorTexts.NoLeader); break;
        }
    }

    /// <summary>Begins to hand over.</summary>
    public void Transfer(NodeRequest request) =>
        End(request, raft.TransferLeadership(request.ServerId.Length > 0 ? request.ServerId : null) ? "" : "there is no server to hand leadership to");

    /// <summary>Something was committed.</summary>
    public void OnCommitted()
    {
        while (_waiting.TryPeek(out var first) && first.Index <= raft.CommitIndex) End(_waiting.Dequeue().Request, "");
        for (int left = _later.Count; left > 0 && raft.Role == RaftRole.Leader; left--) Remove(_later.Dequeue());
    }

    /// <summary>Ends all that wait: this server leads no longer.</summary>
    public void FailAll(string text)
    {
        OnCommitted();
        while (_waiting.TryDequeue(out var waiting)) End(waiting.Request, text);
        while (_later.TryDequeue(out var later)) End(later, text);
    }

    private void End(NodeRequest request, string error)
    {
        request.Result = error.Length > 0 ? ApplyResult.Error(error) : ApplyResult.None;
        outbox.Complete(request);
    }
}
