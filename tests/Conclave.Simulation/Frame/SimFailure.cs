using System.Diagnostics.CodeAnalysis;

namespace Conclave.Simulation;

/// <summary>What went wrong. The numbers are the runner's exit codes.</summary>
internal enum FailureKind
{
    None = 0,

    /// <summary>An exception came out of the code under test.</summary>
    Crash = 10,

    /// <summary>Something happened that must never happen.</summary>
    Safety = 11,

    /// <summary>Something did not happen in time although nothing stood in its way any more.</summary>
    Liveness = 12,

    /// <summary>The run did not come to an end.</summary>
    Timeout = 13,

    /// <summary>Two runs of one seed differed.</summary>
    Nondeterminism = 14,
}

/// <summary>A checker has found something. Ends the run.</summary>
internal sealed class SimFailureException(FailureKind kind, string checker, string text) : Exception($"{checker}: {text}")
{
    public SimFailureException(FailureKind kind, string text) : this(kind, kind.ToString().ToLowerInvariant(), text)
    {
    }

    public FailureKind Kind { get; } = kind;

    /// <summary>Who found it. The shrinker keeps to it, so that it does not wander off to another failure.</summary>
    public string Checker { get; } = checker;

    [DoesNotReturn]
    public static void Safety(string checker, string text) => throw new SimFailureException(FailureKind.Safety, checker, text);

    [DoesNotReturn]
    public static void Liveness(string checker, string text) => throw new SimFailureException(FailureKind.Liveness, checker, text);
}

/// <summary>The run has got as far as it was asked to.</summary>
internal sealed class SimStop : Exception;

/// <summary>What is known about a failure.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Checker">Who found it; the exception's type for a crash.</param>
/// <param name="Text">What there is to say.</param>
/// <param name="Trace">The last lines before it.</param>
internal sealed record SimFailure(FailureKind Kind, string Checker, string Text, string Trace);
