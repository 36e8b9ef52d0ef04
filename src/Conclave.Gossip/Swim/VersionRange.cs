using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Swim;

/// <summary>Versions that all members understand.</summary>
internal readonly record struct VersionRange(byte Min, byte Max, byte DelegateMin, byte DelegateMax)
{
    public static VersionRange All => new(0, byte.MaxValue, 0, byte.MaxValue);

    /// <summary>What is left when one more member must understand.</summary>
    public VersionRange Narrow(in ProtocolVersions member) =>
        new(Math.Max(Min, member.Min), Math.Min(Max, member.Max), Math.Max(DelegateMin, member.DelegateMin), Math.Min(DelegateMax, member.DelegateMax));

    /// <summary>What a member speaks that is outside, or null.</summary>
    public string? Conflict(in ProtocolVersions member)
    {
        if (member.Current < Min || member.Current > Max) return $"protocol version ({member.Current}) is incompatible: [{Min}, {Max}]";
        if (member.DelegateCurrent < DelegateMin || member.DelegateCurrent > DelegateMax) return $"delegate protocol version ({member.DelegateCurrent}) is incompatible: [{DelegateMin}, {DelegateMax}]";
        return null;
    }
}
