using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Agent.Configuration;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Hosting;
using Conclave.Hosting.Logging;
using Conclave.Storage;

namespace Conclave.Tests;

public sealed class DamagedLogTests : IDisposable
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private readonly AgentLog _log = new(new LogConfig(), console: null, TimeProvider.System);
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-").FullName;

    public void Dispose()
    {
        _log.Dispose();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Alone_a_server_with_a_damaged_log_refuses_to_start_and_changes_nothing()
    {
        await WriteAndDamageAsync();
        string[] before = Files();
        await Assert.ThrowsAsync<WalDamagedException>(() => StartAsync(static config => config));
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task Among_others_it_sets_its_data_aside_and_comes_back_as_a_new_server_that_forms_no_cluster()
    {
        string oldId = await WriteAndDamageAsync();
        await using (var host = await StartAsync(static config => config with { Join = new JoinConfig { RetryJoin = ["127.0.0.1:1"] } }))
        {
            Assert.NotEqual(oldId, host.Identity.NodeId);
            Assert.Empty(host.Gateway.Status.Servers);
        }
        Assert.Contains(Directory.GetDirectories(_folder), static folder => Path.GetFileName(folder).StartsWith("raft.damaged-", StringComparison.Ordinal));

        // Also at later starts, as long as the folder is there: an empty cluster must not take the place of the one that holds the data.
        await using var again = await StartAsync(static config => config);
        Assert.Empty(again.Gateway.Status.Servers);
    }

    private async Task<string> WriteAndDamageAsync()
    {
        string id;
        await using (var host = await StartAsync(static config => config))
        {
            id = host.Identity.NodeId;
            for (int i = 0; i < 20; i++)
            {
                byte[] command = CommandCodec.EncodeKv(KvOps.Set, Encoding.UTF8.GetBytes("k" + i), new(new byte[100]), hasValue: true, flags: 0, "", 0);
                await host.Gateway.ApplyAsync(command, _stop.Token);
            }
        }
        string log = Directory.GetFiles(Path.Combine(_folder, "raft", "wal"), "*.wal").Min(StringComparer.Ordinal)!;
        using var file = new FileStream(log, FileMode.Open, FileAccess.ReadWrite);
        file.Position = 400;
        int value = file.ReadByte();
        file.Position = 400;
        file.WriteByte((byte)(value ^ 0x20));
        return id;
    }

    private Task<AgentHost> StartAsync(Func<AgentConfig, AgentConfig> change)
    {
        var config = AgentConfig.Dev with
        {
            NodeName = "damaged", DevMode = false, NodeId = "", DataDir = _folder, Bootstrap = true, Server = true,
            Ports = new PortConfig { Http = -1, Server = FreePort(), SerfLan = 0, SerfWan = 0 },
        };
        return AgentHost.StartAsync(new AgentHostOptions { Config = change(config), Log = _log }, _stop.Token);
    }

    private string[] Files() => [.. Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
