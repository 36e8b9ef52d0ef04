using Conclave.Core;

namespace Conclave.Rpc.Mux;

/// <summary>Whether the other side is still there.</summary>
public sealed partial class StreamMux
{
    // When time has passed by so much beyond what was waited for, it was this side that stood still: what the other one said meanwhile has not been read yet.
    private static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(250);

    private Instant _nextPing, _pongDue, _probeDue = Instant.Never;
    private uint _pingCounter;
    private bool _isPinging, _isPingUnsent;

    // A message was sent and nothing was heard since; the question under way is asked for that reason; time was added to it once.
    private bool _isExpecting, _isProbe, _isExtended;

    private Instant NextPing => _isPinging ? _pongDue : _probeDue < _nextPing ? _probeDue : _nextPing;

    private void OnPing(in MuxHeader header)
    {
        if ((header.Flags & MuxFlags.Syn) != 0)
        {
            if (_pongs.Count >= _limits.UnsentPongsMax) throw new RpcFormatException("more questions than answers are taken");
            _pongs.Enqueue(header.Length);
        }
        else if ((header.Flags & MuxFlags.Ack) != 0 && _isPinging && header.Length == _pingCounter)
        {
            _isPinging = false;
            _pingCounter++;
            _nextPing = _now + _limits.PingInterval;
        }
    }

    private void Expect() => _isExpecting |= _limits.ProbeDelay > TimeSpan.Zero;

    // Whatever it is, it says that the other side is there.
    private void OnWord()
    {
        _isExpecting = _isExtended = false;
        _probeDue = Instant.Never;
        if (!_isProbe) return;
        _isProbe = false;
        _pongDue = _now + _limits.PongTimeout;
    }

    private void TickPing(Instant now)
    {
        if (_isExpecting && _probeDue == Instant.Never) StartExpecting(now);
        if (_isPinging)
        {
            if (now >= _pongDue) OnPongOverdue(now);
        }
        else if (now >= _nextPing || now >= _probeDue)
        {
            _isPinging = _isPingUnsent = true;
            _isProbe = now >= _probeDue;
            _pongDue = now + (_isProbe ? _limits.ProbeTimeout : _limits.PongTimeout);
        }
    }

    private void StartExpecting(Instant now)
    {
        _probeDue = now + _limits.ProbeDelay;
        if (!_isPinging) return;
        // The question that is under way will do, but its answer is wanted sooner.
        _isProbe = true;
        var due = _probeDue + _limits.ProbeTimeout;
        if (due < _pongDue) _pongDue = due;
    }

    private void OnPongOverdue(Instant now)
    {
        if (_isProbe && !_isExtended && now - _pongDue >= s_late)
        {
            _isExtended = true;
            _pongDue = now + _limits.ProbeTimeout;
            return;
        }
        Close("the other side does not answer");
    }
}
