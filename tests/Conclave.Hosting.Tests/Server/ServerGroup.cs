using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Raft;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Tests.Server;

/// <summary>Servers in this process with real sockets, real disks and the real clock, without gossip: they are told of each other.</summary>
internal sealed class ServerGroup : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-servers-").FullName;
    private readonly NodeRuntime?[] _nodes;
    private readonly ServerPort?[] _ports;
    private readonly Func<NodeConfig, NodeConfig> _configure;

    private ServerGroup(int servers, Func<NodeConfig, NodeConfig>? configure)
    {
        _configure = configure ?? (static config => config);
        _nodes = new NodeRuntime?[servers];
        _ports = new ServerPort?[servers];
        var listeners = Enumerable.Range(0, servers).Select(static _ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        foreach (var listener in listeners) listener.Start();
        Servers = [.. listeners.Select(static (listener, i) => new RaftServer($"00000000-0000-4000-8000-00000000000{i + 1}", listener.LocalEndpoint.ToString()!, Suffrage.Voter))];
        foreach (var listener in listeners) listener.Dispose();
    }

    public RaftServer[] Servers { get; }

    public NodeGateway this[int index] => _nodes[index]!.Gateway;

    public static async Task<ServerGroup> StartAsync(int servers, Func<NodeConfig, NodeConfig>? configure = null)
    {
        var group = new ServerGroup(servers, configure);
        for (int i = 0; i < servers; i++) await group.StartAsync(i);
        return group;
    }

    /// <summary>Starts a server on what its folder holds.</summary>
    public async Task StartAsync(int index, bool wipe = false)
    {
        string folder = Path.Combine(_folder, $"{index}");
        if (wipe) Directory.Delete(folder, recursive: true);
        var inbox = new NodeInbox();
        var disk = NodeDisk.Open(folder, inbox);
        var config = _configure(new NodeConfig
        {
            Identity = new NodeIdentity($"n{index + 1}", Servers[index].Id, "dc1", Servers[index].Address),
            Raft = RaftConfig.ForServer(Servers[index].Id),
            InitialServers = Servers,
            Bootstrap = !wipe,
        });
        _nodes[index] = new NodeRuntime(config, inbox, disk, NullLoggerFactory.Instance, TimeProvider.System);
        _ports[index] = new ServerPort(IPEndPoint.Parse(Servers[index].Address), _nodes[index]!, NullLoggerFactory.Instance);
        await _nodes[index]!.StartAsync();
        _ports[index]!.Start();
    }

    public async Task StopAsync(int index)
    {
        if (_ports[index] is { } port) await port.DisposeAsync();
        if (_nodes[index] is { } node) await node.DisposeAsync();
        (_ports[index], _nodes[index]) = (null, null);
    }

    /// <summary>Waits until somebody leads.</summary>
    public async Task<int> LeaderAsync(CancellationToken stop)
    {
        while (true)
        {
            for (int i = 0; i < _nodes.Length; i++)
                if (_nodes[i] is { Gateway.Status.IsLeader: true }) return i;
            await Task.Delay(10, stop);
        }
    }

    /// <summary>Writes through whoever leads, until it is acknowledged.</summary>
    public async Task PutAsync(string key, string value, CancellationToken stop)
    {
        while (true)
        {
            var result = await this[await LeaderAsync(stop)].ApplyAsync(Kv(key, value), stop);
            if (result.Kind != ApplyResultKind.Error) return;
        }
    }

    public string? Get(int index, string key)
    {
        this[index].Root.KvGet(Encoding.UTF8.GetBytes(key), null, out var entry);
        return entry is null ? null : Encoding.UTF8.GetString(entry.Value.Span);
    }

    public async Task WaitForAsync(int index, string key, string value, CancellationToken stop)
    {
        while (Get(index, key) != value) await Task.Delay(10, stop);
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = 0; i < _nodes.Length; i++) await StopAsync(i);
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] Kv(string key, string value) =>
        CommandCodec.EncodeKv(KvOps.Set, Encoding.UTF8.GetBytes(key), new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(value)), hasValue: true, flags: 0, "", 0);
}
