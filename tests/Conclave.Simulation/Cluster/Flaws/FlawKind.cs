namespace Conclave.Simulation.Cluster;

/// <summary>Bugs that can be planted in a run. Each shows that the checkers notice when the rule beside it does not hold.</summary>
internal enum FlawKind
{
    None,

    // In the core, by leaving out a rule.
    CommitsOldTerms,
    CountsNonvoters,
    CommitsUnvouched,
    ReadsBeforeOwnTerm,
    ReadsWithoutRound,
    ChangesManyVoters,
    LeaseNeverEnds,
    RecoversByMajority,
    NeverGivesWay,

    // In the node, by letting messages leave too early.
    VotesBeforeFlush,
    AcknowledgesBeforeFlush,

    // Around the core, by changing what it hears and says.
    VotesTwice,
    TakesNoForYes,
    IgnoresCandidatesLog,
    SkipsLogMatching,
    ChangesEntryOnTheWay,
    NeverRefuses,
    LosesSnapshotAnswers,
    NeverTellsCommit,
    CountsItselfBeforeFlush,

    // Below it.
    DiskLiesAboutFlush,
    ForgetsVote,
    ForgetsTerm,
    ForgetsLastEntry,
    ForgetsTombstones,
    SnapshotMissesKey,
    SnapshotClaimsTooMuch,
    RecoversInOldTerms,
    ForgetsRecovery,

    // Beside it.
    DropsWatches,
    ForgetsLockDelays,
    ClockBeyondBound,
    LeaseWithoutClockBound,
    NoLimits,
    KeepsAllEntries,
    NeverScrubs,
    NeverSleeps,
    NotesWrongDigests,
    UsesRealChance,
    HearsOfPoolOnce,
    TrustsPoolAtOnce,

    // Above it: what a front end could do wrong.
    AdmitsPoison,
    AcknowledgesOnAppend,
    SwapsAnswers,
    CompletesTwice,
    ConfirmsLostWrites,
    FreshWhenHeard,
    TrustsOldNews,
    AnswersBeforeCommit,
    SendsWritesTwice,
    ReadsFromWhoeverLeads,
}
