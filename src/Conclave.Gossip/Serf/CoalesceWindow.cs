using Conclave.Core;

namespace Conclave.Gossip.Serf;

/// <summary>How long events are held back: a period from the first one, or until it is quiet, whichever ends sooner.</summary>
internal sealed class CoalesceWindow(SerfContext context, SerfTimerKind kind, TimeSpan period, TimeSpan quiet)
{
    private DeadlineHandle _timer;
    private Instant _end;
    private bool _isOpen;

    /// <summary>Something is held back.</summary>
    public void Extend()
    {
        if (!_isOpen) _end = context.Now + period;
        else context.Timers.Cancel(_timer);
        var quietEnd = context.Now + quiet;
        _timer = context.Timers.Set(quietEnd < _end ? quietEnd : _end, kind);
        _isOpen = true;
    }

    /// <summary>All has been told.</summary>
    public void Close()
    {
        context.Timers.Cancel(_timer);
        _isOpen = false;
    }
}
