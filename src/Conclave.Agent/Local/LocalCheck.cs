using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Agent.Local;

/// <summary>A check of this agent: its fixed part, its state and its place in the schedule. Mutable; touched only by the owner of the core.</summary>
internal sealed class LocalCheck
{
    private HealthCheck? _view;
    private string _status;
    private string _output = "";

    public LocalCheck(HealthCheck shape, CheckDefinition? definition, Origin origin)
    {
        Shape = shape;
        Definition = definition;
        Origin = origin;
        _status = shape.Status;
        Timer = new CheckTimer(this, TimerKind.Main);
    }

    /// <summary>Everything but status and output.</summary>
    public HealthCheck Shape { get; }

    /// <summary>How it is run; null for maintenance checks, which nobody runs.</summary>
    public CheckDefinition? Definition { get; }

    public Origin Origin { get; }

    public string Id => Shape.CheckId;

    public string ServiceId => Shape.ServiceId;

    public string Status => _status;

    public string Output => _output;

    /// <summary>When the check became critical; null while it is not.</summary>
    public Instant? CriticalSince { get; set; }

    /// <summary>How long it may be critical before its service is removed; zero for ever.</summary>
    public TimeSpan ReapAfter { get; init; }

    /// <summary>Most bytes of output kept.</summary>
    public int OutputMax { get; init; }

    /// <summary>Good results in a row.</summary>
    public int Successes { get; set; }

    /// <summary>Bad results in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Number of the run that is under way; 0 when none is.</summary>
    public long RunId { get; set; }

    /// <summary>When a TTL check expires. The timer may stand earlier: it is moved only when it rings.</summary>
    public Instant TtlDeadline { get; set; }

    /// <summary>Until then the state of a TTL check need not be kept again unless its status changes.</summary>
    public Instant NextStateSave { get; set; }

    /// <summary>Output of the last TTL report, for the text of the expiry.</summary>
    public string TtlOutput { get; set; } = "";

    /// <summary>Next run or TTL expiry.</summary>
    public CheckTimer Timer { get; }

    /// <summary>Write of a changed output that was put off; null when none is.</summary>
    public CheckTimer? DeferredSync { get; set; }

    /// <summary>True while the catalog is known to hold this state.</summary>
    public bool InSync { get; set; }

    /// <summary>True while it stands in a unit's list of changes to write.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Counts changes that the catalog must learn, so that an answer to an older write does not hide a newer change.</summary>
    public long ChangeNumber { get; set; }

    /// <summary>False after removal: timers and results that still arrive are ignored.</summary>
    public bool IsLive { get; set; } = true;

    public bool IsTtl => Definition is { Ttl.Ticks: > 0 };

    public bool IsAlias => Definition is { } definition && CheckRules.IsAlias(definition);

    /// <summary>An immutable picture of the current state; made once per state.</summary>
    public HealthCheck View => _view ??= Shape with { Status = _status, Output = _output };

    public void Set(string status, string output)
    {
        _status = status;
        _output = output;
        _view = null;
    }
}
