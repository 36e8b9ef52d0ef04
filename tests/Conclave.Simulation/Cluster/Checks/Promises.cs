using Conclave.Core;
using Conclave.Node;
using Conclave.Raft;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// What one server has said to others: the terms it knew, its votes, and the entries that it claimed to hold. Whatever happens to the process, the server that
/// comes back from the disk must remember all of it.
/// </summary>
internal sealed class Promises(string server)
{
    private const string Rule = "what was promised is remembered";

    private ulong _term, _index, _indexTerm;
    private string _vote = "";
    private readonly Dictionary<(string Leader, ulong Request), ulong> _asked = [];

    /// <summary>A leader asks for entries up to this one.</summary>
    public void OnAsked(in RaftMessage append) => _asked[(append.From, append.RequestId)] = append.LogIndex.Value + (ulong)append.Entries.Length;

    /// <summary>The process has ended: it will answer nothing that it was asked.</summary>
    public void OnGone() => _asked.Clear();

    /// <summary>Up to which entry an answer vouches; false when nothing was asked.</summary>
    public bool TryTakeAsked(in RaftMessage reply, out ulong index) => _asked.Remove((reply.To, reply.RequestId), out index);

    /// <summary>A message leaves.</summary>
    public void OnSent(in RaftMessage message)
    {
        switch (message.Kind)
        {
            case RaftMessageKind.PreVote or RaftMessageKind.PreVoteReply:
                return;                                        // these carry a term that nobody has reached
            case RaftMessageKind.Vote:
                NoteVote(message.Term.Value, server);
                return;
            case RaftMessageKind.VoteReply when message.Success:
                NoteVote(message.Term.Value, message.To);
                return;
            default:
                NoteTerm(message.Term.Value);
                return;
        }
    }

    /// <summary>It says that it holds entries up to this one.</summary>
    public void OnClaimed(ulong index, ulong term)
    {
        if (index > _index) (_index, _indexTerm) = (index, term);
    }

    /// <summary>A newer leader took entries from here on back: they may be there after a crash, or not.</summary>
    public void OnTakenBack(ulong from, ulong termBefore)
    {
        if (from <= _index) (_index, _indexTerm) = (from - 1, termBefore);
    }

    /// <summary>An operator has made another configuration: what it claimed to hold counted for the old one.</summary>
    public void OnOutage() => (_index, _indexTerm) = (0, 0);

    /// <summary>The server comes back with this.</summary>
    public void Check(RecoveredNode recovered)
    {
        var raft = recovered.Raft;
        if (raft.Term.Value < _term) SimFailureException.Safety(Rule, $"{server} comes back in term {raft.Term}, it was in term {_term}");
        if (raft.Term.Value == _term && _vote.Length > 0 && raft.VotedFor != _vote)
            SimFailureException.Safety(Rule, $"{server} voted for {_vote} in term {_term} and comes back with the vote '{raft.VotedFor}'");
        if (_index <= raft.SnapshotIndex.Value) return;
        foreach (var entry in raft.Entries)
        {
            if (entry.Index.Value != _index) continue;
            if (entry.Term.Value == _indexTerm) return;
            SimFailureException.Safety(Rule, $"{server} claimed entry {_index} of term {_indexTerm} and comes back with one of term {entry.Term}");
        }
        SimFailureException.Safety(Rule, $"{server} claimed entry {_index} and comes back with entries up to {(raft.Entries.Count > 0 ? raft.Entries[^1].Index : raft.SnapshotIndex)}");
    }

    private void NoteTerm(ulong term)
    {
        if (term <= _term) return;
        (_term, _vote) = (term, "");
    }

    private void NoteVote(ulong term, string candidate)
    {
        NoteTerm(term);
        if (term < _term) return;                              // released late by a flush: a newer term covers it
        if (_vote.Length > 0 && _vote != candidate) SimFailureException.Safety("one vote in a term", $"{server} voted for {_vote} and for {candidate} in term {term}");
        _vote = candidate;
    }
}
