namespace Conclave.Rpc;

/// <summary>What a connection to the server port is for, by the number that opens it.</summary>
public enum ConnectionKind : byte
{
    /// <summary>One stream of calls without a multiplexer.</summary>
    SingleCalls = 0,

    /// <summary>The Raft transport between servers.</summary>
    Raft = 1,

    /// <summary>A multiplexer older than all supported peers; refused.</summary>
    FormerMux = 2,

    /// <summary>TLS follows, and inside it another preface.</summary>
    Tls = 3,

    /// <summary>Multiplexed streams of calls.</summary>
    Mux = 4,

    /// <summary>Saves or restores one snapshot.</summary>
    Snapshot = 5,

    /// <summary>A feature of another edition; refused.</summary>
    ForeignGossip = 6,

    /// <summary>TLS without a client certificate, for the calls by which a client gets one; no preface inside.</summary>
    EnrollmentTls = 7,

    /// <summary>gRPC: HTTP/2 with prior knowledge.</summary>
    Grpc = 8,
}

/// <summary>What the first byte of a connection says.</summary>
public enum PrefaceForm
{
    /// <summary>It names a <see cref="ConnectionKind"/> and is no part of what follows.</summary>
    Selector,

    /// <summary>It starts a TLS handshake whose ALPN name tells the kind; it belongs to what follows.</summary>
    NativeTls,

    /// <summary>It means nothing: close.</summary>
    Unknown,
}

/// <summary>The first byte on every connection to the server port.</summary>
public static class ConnectionPreface
{
    // The type of a TLS handshake record, with which every TLS client starts.
    private const byte TlsHandshake = 0x16;

    /// <summary>Reads the first byte; <paramref name="kind"/> is set for <see cref="PrefaceForm.Selector"/> only.</summary>
    public static PrefaceForm Read(byte first, out ConnectionKind kind)
    {
        kind = default;
        if (first == TlsHandshake) return PrefaceForm.NativeTls;
        if (first > (byte)ConnectionKind.Grpc) return PrefaceForm.Unknown;
        kind = (ConnectionKind)first;
        return PrefaceForm.Selector;
    }

    /// <summary>Kind behind an ALPN name of native TLS; false for a name that is not ours.</summary>
    public static bool TryFromAlpn(ReadOnlySpan<byte> name, out ConnectionKind kind)
    {
        foreach (var known in s_alpnKinds)
            if (name.SequenceEqual(AlpnOf(known)))
            {
                kind = known;
                return true;
            }
        kind = default;
        return false;
    }

    /// <summary>ALPN name of a kind; empty for kinds that native TLS does not have.</summary>
    public static ReadOnlySpan<byte> AlpnOf(ConnectionKind kind) => kind switch
    {
        ConnectionKind.SingleCalls => "consul/rpc-single"u8,
        ConnectionKind.Raft => "consul/raft"u8,
        ConnectionKind.Mux => "consul/rpc-multi"u8,
        ConnectionKind.Snapshot => "consul/rpc-snapshot"u8,
        ConnectionKind.ForeignGossip => "consul/rpc-gossip"u8,
        ConnectionKind.Grpc => "consul/rpc-grpc"u8,
        _ => default,
    };

    private static readonly ConnectionKind[] s_alpnKinds =
        [ConnectionKind.SingleCalls, ConnectionKind.Raft, ConnectionKind.Mux, ConnectionKind.Snapshot, ConnectionKind.ForeignGossip, ConnectionKind.Grpc];
}
