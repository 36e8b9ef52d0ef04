using Conclave.Core;

namespace Conclave.Gossip.Swim;

/// <summary>Lets so many lines through that an operator can read them: whatever others send must not fill the log.</summary>
internal sealed class LogGate
{
    private const int LinesMax = 20;

    private static readonly TimeSpan LineTime = TimeSpan.FromSeconds(1);

    private int _left = LinesMax;
    private Instant _refilledAt;

    /// <summary>Whether a line may be written now.</summary>
    public bool TryPass(Instant now)
    {
        long earned = (now - _refilledAt).Ticks / LineTime.Ticks;
        if (earned > 0)
        {
            _left = (int)Math.Min(LinesMax, _left + earned);
            _refilledAt = now;
        }
        if (_left == 0) return false;
        _left--;
        return true;
    }
}
