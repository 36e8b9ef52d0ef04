namespace Conclave.Core;

/// <summary>Where a term begins in the log.</summary>
/// <param name="From">First known entry of the term.</param>
/// <param name="Term">The term; it lasts to the beginning of the next one.</param>
public readonly record struct TermStart(LogIndex From, Term Term);
