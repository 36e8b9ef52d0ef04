namespace Conclave.Gossip.Messages;

/// <summary>Versions that a member speaks: of memberlist, and of Serf above it ("delegate").</summary>
internal readonly record struct ProtocolVersions(byte Min, byte Max, byte Current, byte DelegateMin, byte DelegateMax, byte DelegateCurrent)
{
    /// <summary>Bytes of the six versions. A member announced with fewer keeps others from joining the pool, so it must not be taken in.</summary>
    public const int Size = 6;

    public static bool TryParse(ReadOnlySpan<byte> vsn, out ProtocolVersions versions)
    {
        versions = default;
        if (vsn.Length < Size) return false;
        versions = new(vsn[0], vsn[1], vsn[2], vsn[3], vsn[4], vsn[5]);
        return true;
    }

    /// <summary>The versions in one number; zero is what no member has.</summary>
    public ulong Pack() => Min | (ulong)Max << 8 | (ulong)Current << 16 | (ulong)DelegateMin << 24 | (ulong)DelegateMax << 32 | (ulong)DelegateCurrent << 40;

    public static ProtocolVersions Unpack(ulong packed) => new((byte)packed, (byte)(packed >> 8), (byte)(packed >> 16), (byte)(packed >> 24), (byte)(packed >> 32), (byte)(packed >> 40));

    /// <summary>Whether two members understand each other: what each speaks is in the other's range.</summary>
    public bool Suits(in ProtocolVersions other) => Understands(other) && other.Understands(this);

    private bool Understands(in ProtocolVersions other) =>
        other.Current >= Min && other.Current <= Max && other.DelegateCurrent >= DelegateMin && other.DelegateCurrent <= DelegateMax;

    public void CopyTo(Span<byte> vsn)
    {
        vsn[0] = Min;
        vsn[1] = Max;
        vsn[2] = Current;
        vsn[3] = DelegateMin;
        vsn[4] = DelegateMax;
        vsn[5] = DelegateCurrent;
    }
}
