using Conclave.Core;

namespace Conclave.Raft;

/// <summary>Decisions of a majority.</summary>
internal static class Quorum
{
    /// <summary>The largest value that a majority of <paramref name="values"/> has reached. Sorts the span.</summary>
    public static long Reached(Span<long> values)
    {
        values.Sort();
        return values[(values.Length - 1) / 2];
    }
}

/// <summary>Counts the answers to one election, for which a majority is needed and the votes of all that are <paramref name="required"/>. Each voter counts once, whatever it sends.</summary>
internal sealed class VoteTally(Configuration configuration, List<string>? required = null)
{
    private readonly HashSet<string> _granted = new(StringComparer.Ordinal), _denied = new(StringComparer.Ordinal);

    public bool IsWon => _granted.Count >= configuration.QuorumSize && (required is null || required.TrueForAll(_granted.Contains));

    /// <summary>Too many refused for a majority to be possible.</summary>
    public bool IsLost => _denied.Count > configuration.VoterCount - configuration.QuorumSize;

    public void Add(string voter, bool granted)
    {
        if (!configuration.IsVoter(voter) || _granted.Contains(voter)) return;
        if (granted)
        {
            _granted.Add(voter);
            _denied.Remove(voter);
        }
        else
        {
            _denied.Add(voter);
        }
    }
}
