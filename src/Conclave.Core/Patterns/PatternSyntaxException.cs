namespace Conclave.Core.Patterns;

/// <summary>A pattern that is none.</summary>
/// <param name="reason">What is wrong, in the words of Go's package.</param>
internal sealed class PatternSyntaxException(string reason) : Exception("error parsing regexp: " + reason);
