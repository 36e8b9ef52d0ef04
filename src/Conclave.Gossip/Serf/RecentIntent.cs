using Conclave.Core;

namespace Conclave.Gossip.Serf;

/// <summary>An intent about a member that was not known when it came.</summary>
/// <param name="Time">Its Lamport time.</param>
/// <param name="IsLeave">Whether the member leaves; it joins otherwise.</param>
/// <param name="IsPrune">Whether it is to be forgotten as soon as it is gone.</param>
/// <param name="At">When it came.</param>
internal readonly record struct RecentIntent(ulong Time, bool IsLeave, bool IsPrune, Instant At);
