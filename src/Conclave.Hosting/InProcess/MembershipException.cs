namespace Conclave.Hosting;

/// <summary>The pool refused or could not do what was asked, or has ended. The message says why.</summary>
public sealed class MembershipException(string message) : Exception(message);
