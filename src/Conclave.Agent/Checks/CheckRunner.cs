using Conclave.Agent.Configuration;
using Conclave.Agent.Local;
using Conclave.Agent.Sync;
using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Agent.Checks;

/// <summary>
/// When checks run and expire and what their results mean: schedule, TTL, thresholds, output bounds, put-off writes. Runs themselves are effects.
/// Not thread-safe: touched only by the owner of the core.
/// </summary>
internal sealed class CheckRunner(AgentCoreOptions options, LocalCatalog catalog, AntiEntropy sync, Prng random, List<AgentEffect> effects)
{
    private static readonly TimeSpan StateSaveMin = TimeSpan.FromSeconds(1);

    private readonly CheckTimers _timers = new();
    private readonly AliasChecks _aliases = new(catalog);
    private readonly Dictionary<long, LocalCheck> _runs = [];
    private readonly SortedDictionary<string, LocalCheck> _reapable = new(StringComparer.Ordinal);
    private long _lastRun;
    private Instant _nextReap = Instant.Never;

    /// <summary>The output of checks is not kept.</summary>
    public bool DiscardsOutput { get; set; } = options.DiscardCheckOutput;

    public Instant NextWake => _timers.Next < _nextReap ? _timers.Next : _nextReap;

    /// <summary>Checks with a TTL, for the numbers of the agent.</summary>
    public int TtlCount { get; private set; }

    /// <summary>Checks that are run by the agent.</summary>
    public int MonitorCount { get; private set; }

    /// <summary>Brings a check that was added to the catalog to life.</summary>
    public void Start(LocalCheck check, Instant now)
    {
        if (check.Status == HealthStatus.Critical) check.CriticalSince = now;
        if (check.ReapAfter > TimeSpan.Zero)
        {
            _reapable[check.Id] = check;
            if (_nextReap == Instant.Never) _nextReap = now + options.ReapInterval;
        }
        Count(check, 1);
        if (check.IsTtl) StartTtl(check, now);
        else if (IsRun(check)) _timers.Set(check.Timer, check.IsAlias ? now : now + random.NextTimeSpan(Interval(check)));   // an alias disturbs nobody that it could come to at a bad moment
        if (IsLocalAlias(check)) _aliases.Add(check);
        SourceChanged(check.ServiceId, now);
        if (IsLocalAlias(check)) EvaluateAlias(check, now);
    }

    /// <summary>Ends a check that was removed from the catalog.</summary>
    public void Stop(LocalCheck check, Instant now)
    {
        Count(check, -1);
        _timers.Remove(check.Timer);
        if (check.DeferredSync is { } deferred) _timers.Remove(deferred);
        if (_runs.Remove(check.RunId)) effects.Add(new CancelProbe(check.RunId));
        if (_reapable.Remove(check.Id) && _reapable.Count == 0) _nextReap = Instant.Never;
        _aliases.Remove(check);
        SourceChanged(check.ServiceId, now);
    }

    /// <summary>A report for a TTL check. Costs the same however many checks there are; the timer is not touched.</summary>
    public void Report(LocalCheck check, string status, string output, Instant now)
    {
        output = CheckOutput.Cut(output, check.OutputMax);
        var ttl = check.Definition!.Ttl;
        check.TtlDeadline = now + ttl;
        check.TtlOutput = output;
        if (check.Timer.Handle is null) _timers.Set(check.Timer, check.TtlDeadline);
        bool statusChanged = check.Status != status;
        Update(check, status, output, now);
        if (!options.Persist || (!statusChanged && now < check.NextStateSave)) return;
        check.NextStateSave = now + (ttl / 4 > StateSaveMin ? ttl / 4 : StateSaveMin);
        effects.Add(new SaveCheckState(check.Id, check.Status, check.Output, ttl));
    }

    /// <summary>A run ended.</summary>
    public void OnProbeDone(long runId, ProbeResult result, Instant now)
    {
        if (!_runs.Remove(runId, out var check) || !check.IsLive || check.RunId != runId) return;
        check.RunId = 0;
        _timers.Set(check.Timer, now + Interval(check));
        if (EffectiveStatus(check, result.Status) is { } status) Update(check, status, result.Output, now);
    }

    /// <summary>Runs, expires and writes what is due. Services whose checks were critical for too long are added to <paramref name="reap"/>.</summary>
    public void Tick(Instant now, List<LocalCheck> reap)
    {
        while (_timers.TryTakeDue(now, out var timer))
        {
            var check = timer.Check;
            if (timer.Kind == TimerKind.DeferredSync)
            {
                check.DeferredSync = null;
                sync.CheckChanged(check);
            }
            else if (check.IsTtl) OnTtlTimer(check, now);
            else Run(check);
        }
        if (now < _nextReap) return;
        _nextReap = _reapable.Count == 0 ? Instant.Never : now + options.ReapInterval;
        foreach (var check in _reapable.Values)
            if (check.CriticalSince is { } since && now - since >= check.ReapAfter) reap.Add(check);
    }

    /// <summary>Restores the state of a TTL check from before a restart.</summary>
    public void Restore(LocalCheck check, string status, string output, Instant now)
    {
        check.TtlOutput = output;
        Update(check, status, output, now);
    }

    /// <summary>A service came or went: checks that copy its health look again.</summary>
    public void SourceChanged(string serviceId, Instant now)
    {
        if (_aliases.IsEmpty) return;
        _aliases.Enqueue(serviceId);
        RunAliases(now);
    }

    /// <summary>A new state of a check.</summary>
    private void Update(LocalCheck check, string status, string output, Instant now)
    {
        if (!Apply(check, status, output, now) || _aliases.IsEmpty) return;
        _aliases.Enqueue(check.ServiceId);
        RunAliases(now);
    }

    /// <summary>True when the status changed.</summary>
    private bool Apply(LocalCheck check, string status, string output, Instant now)
    {
        if (DiscardsOutput) output = "";
        check.CriticalSince = status == HealthStatus.Critical ? check.CriticalSince ?? now : null;
        bool statusChanged = check.Status != status;
        if (!statusChanged && check.Output == output) return false;
        check.Set(status, output);
        if (statusChanged || options.CheckUpdateInterval <= TimeSpan.Zero)
        {
            CancelDeferred(check);
            sync.CheckChanged(check);
        }
        else Defer(check, now);
        return statusChanged;
    }

    /// <summary>Output alone is written late and once, because chatty checks would otherwise fill the log.</summary>
    private void Defer(LocalCheck check, Instant now)
    {
        if (check.DeferredSync is not null || check.IsDirty) return;
        check.DeferredSync = new(check, TimerKind.DeferredSync);
        _timers.Set(check.DeferredSync, now + options.CheckUpdateInterval / 2 + random.NextTimeSpan(options.CheckUpdateInterval));
    }

    private void CancelDeferred(LocalCheck check)
    {
        if (check.DeferredSync is not { } deferred) return;
        _timers.Remove(deferred);
        check.DeferredSync = null;
    }

    private void StartTtl(LocalCheck check, Instant now)
    {
        check.TtlDeadline = now + check.Definition!.Ttl;
        _timers.Set(check.Timer, check.TtlDeadline);
    }

    private void OnTtlTimer(LocalCheck check, Instant now)
    {
        if (check.TtlDeadline > now)
        {
            _timers.Set(check.Timer, check.TtlDeadline);       // reported since the timer was set
            return;
        }
        effects.Add(new WriteLog(LogLevels.Warn, "Check missed TTL, is now critical: check=" + check.Id));
        string output = check.TtlOutput.Length == 0 ? "TTL expired" : "TTL expired (last output before timeout follows): " + check.TtlOutput;
        Update(check, HealthStatus.Critical, output, now);
    }

    private void Run(LocalCheck check)
    {
        check.RunId = ++_lastRun;
        _runs[check.RunId] = check;
        effects.Add(new RunProbe(check.RunId, check.Definition!, check.OutputMax));
    }

    /// <summary>What a result means after the thresholds; null when it does not count yet.</summary>
    private static string? EffectiveStatus(LocalCheck check, string result)
    {
        var definition = check.Definition!;
        if (result != HealthStatus.Critical)
        {
            check.Failures = 0;
            return ++check.Successes >= definition.SuccessBeforePassing ? result : null;
        }
        check.Successes = 0;
        check.Failures++;
        if (check.Failures >= definition.FailuresBeforeCritical) return HealthStatus.Critical;
        int beforeWarning = definition.FailuresBeforeWarning > 0 ? definition.FailuresBeforeWarning : definition.FailuresBeforeCritical;
        return check.Failures >= beforeWarning ? HealthStatus.Warning : null;
    }

    private void RunAliases(Instant now)
    {
        // A ring of aliases settles within a few rounds; the bound keeps a pathological one from holding the agent.
        for (int budget = 8 * _aliases.Count + 8; budget > 0 && _aliases.TryDequeue(out var alias); budget--)
            EvaluateAlias(alias, now);
        _aliases.ClearQueue();
    }

    private void EvaluateAlias(LocalCheck alias, Instant now)
    {
        var (status, output) = _aliases.Evaluate(alias, options.Identity.NodeName);
        if (Apply(alias, status, CheckOutput.Cut(output, alias.OutputMax), now)) _aliases.Enqueue(alias.ServiceId);
    }

    private bool IsLocalAlias(LocalCheck check) => check.IsAlias && !IsRemoteAlias(check.Definition!);

    private bool IsRemoteAlias(CheckDefinition check) =>
        check.AliasNode.Length > 0 && !string.Equals(check.AliasNode, options.Identity.NodeName, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the agent runs the check: everything but TTL, maintenance and aliases of this node.</summary>
    private bool IsRun(LocalCheck check) =>
        check.Definition is { } definition && (CheckRules.HasInterval(definition) || (check.IsAlias && IsRemoteAlias(definition)));

    private static TimeSpan Interval(LocalCheck check)
    {
        if (check.IsAlias) return CheckRules.RemoteAliasInterval;
        var interval = check.Definition!.Interval;
        return interval < CheckRules.IntervalMin ? CheckRules.IntervalMin : interval;
    }

    private void Count(LocalCheck check, int by)
    {
        if (check.IsTtl) TtlCount += by;
        else if (IsRun(check)) MonitorCount += by;
    }
}
