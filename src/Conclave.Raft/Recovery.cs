using Conclave.Core;

namespace Conclave.Raft;

/// <summary>
/// Marks a server whose configuration was given by an operator, because its group had lost its majority: what its log held then is not known to be committed. It counts until an entry of a later term is committed here.
/// </summary>
/// <param name="LastTermBefore">Entries of terms up to this one are of the time before; those of later terms were made under the new configuration.</param>
/// <param name="Servers">The configuration that was given.</param>
public sealed record Recovery(Term LastTermBefore, Configuration Servers)
{
    // Nothing wears out by it, and an operator sees at a glance how often the group was recovered and how many terms ago: 1000003.
    private const ulong Step = 1_000_000;

    // Nobody counts that far.
    private const ulong HighestTerm = ulong.MaxValue / 4;

    /// <summary>
    /// The term in which a server goes on that was in <paramref name="term"/>: a round number, far above. Servers that knew less than others of the old terms must not give new entries the same terms, else two
    /// logs could hold different entries of the same index and term, or an old log count for more than a new one. That holds as long as the servers of the list are not a quarter of a million terms apart.
    /// </summary>
    public static Term FirstTerm(Term term) => term.Value > HighestTerm ? term : new(((term.Value + Step / 2) / Step + 1) * Step);

    /// <summary>The last term of which a server that was in <paramref name="term"/> may come to see entries from before the recovery.</summary>
    public static Term LastOldTerm(Term term) => new(term.Value + Step / 4);
}
