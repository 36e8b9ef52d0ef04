namespace Conclave.Raft;

/// <summary>Rules of Raft that a simulation may leave out, to show that its checkers notice. Only it can: the setting is internal, and nothing else sets it.</summary>
internal enum RaftFlaw : byte
{
    /// <summary>All rules hold.</summary>
    None,
    /// <summary>Entries of former terms are committed by counting who has them.</summary>
    CommitsOldTerms,
    /// <summary>A commit counts servers that do not vote.</summary>
    CountsNonvoters,
    /// <summary>A follower commits entries that the leader's message did not vouch for.</summary>
    CommitsUnvouched,
    /// <summary>A leader answers reads before it has committed an entry of its term.</summary>
    ReadsBeforeOwnTerm,
    /// <summary>A read needs no word from the other servers.</summary>
    ReadsWithoutRound,
    /// <summary>Any number of voters may change at a time, and again before that is committed.</summary>
    ChangesManyVoters,
    /// <summary>A leader that cannot reach a majority believes in its lease for ever.</summary>
    LeaseNeverEnds,
    /// <summary>A majority of those that an operator listed elects, though the rest may know more.</summary>
    RecoversByMajority,
    /// <summary>What was recovered is kept, whatever the leader has.</summary>
    NeverGivesWay,
}
