using System.Net;
using Conclave.Gossip;
using Conclave.Gossip.Security;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Gossip;

/// <summary>What one pool's runtime is given.</summary>
internal sealed record GossipRuntimeOptions
{
    /// <summary>What the pool is told. Port 0 in the advertised address stands for the port that was bound.</summary>
    public required GossipConfig Config { get; init; }

    /// <summary>Where to listen.</summary>
    public required IPAddress BindAddress { get; init; }

    /// <summary>UDP and TCP port; 0 takes one that is free for both.</summary>
    public int Port { get; init; }

    /// <summary>The sockets, when they were opened before; owned from the start on. Null: they are opened at the start.</summary>
    public GossipSockets? Sockets { get; init; }

    /// <summary>Whether the members' coordinates are published, which costs an object for each member every second: for small pools.</summary>
    public bool PublishCoordinates { get; init; }

    /// <summary>Keys, or null for no encryption. Owned by the runtime from the start on.</summary>
    public Keyring? Keyring { get; init; }

    /// <summary>The snapshot file, or null for none.</summary>
    public string? SnapshotPath { get; init; }

    /// <summary>The keyring file, or null to keep changes of the keys in memory only.</summary>
    public string? KeyringPath { get; init; }

    /// <summary>Is told what happens.</summary>
    public required IGossipListener Listener { get; init; }

    /// <summary>Where lines go.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>What stands before and behind the area in the names of the loggers.</summary>
    public (string Prefix, string Suffix) LogName { get; init; } = ("", "");

    /// <summary>Clocks and timers.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
