using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Core.Codec;

namespace Conclave.Cli.Tests.Snapshot;

/// <summary><c>snapshot save</c> and <c>snapshot restore</c> against a live agent, and against answers that are wrong.</summary>
public sealed class SnapshotSaveTests : IAsyncLifetime, IDisposable
{
    private readonly LiveAgent _agent = new();
    private readonly TemporaryFolder _folder = new();

    public ValueTask InitializeAsync() => _agent.InitializeAsync();

    public ValueTask DisposeAsync() => _agent.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData()]
    [InlineData("-stale")]
    public async Task A_saved_archive_holds_the_state_and_is_its_owners_alone(params string[] flags)
    {
        await RunAsync("kv", "put", "saved/a", "1");
        var result = await RunAsync(["snapshot", "save", .. flags, "b.snap"]);
        Assert.Matches("^Saved and verified snapshot to index [1-9][0-9]*\n$", result.Out);
        Assert.Equal((0, ""), (result.Exit, result.Error));
        var file = Path.Combine(_folder.Path, "b.snap");
        var meta = SnapshotArchive.Read(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), int.MaxValue).Meta;
        Assert.Equal($"Saved and verified snapshot to index {meta.Index}\n", result.Out);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal([file], Directory.GetFiles(_folder.Path));
        Assert.Matches("\n saved/a +1 +[0-9]+B\n", (await RunAsync("snapshot", "inspect", "-kvdetails", "b.snap")).Out);
    }

    [Fact]
    public async Task A_file_name_is_needed()
    {
        Assert.Equal(new CommandResult(1, "", "Missing FILE argument\n"), await RunAsync("snapshot", "save"));
        Assert.Equal(new CommandResult(1, "", "Missing FILE argument\n"), await RunAsync("snapshot", "restore"));
    }

    [Fact]
    public async Task An_archive_that_fails_verification_replaces_nothing()
    {
        _folder.File("b.snap", "earlier");
        var result = await AgainstAsync("HTTP/1.1 200 OK\r\nX-Consul-Index: 5\r\nContent-Length: 12\r\n\r\nnot a gzip..", "snapshot", "save", "b.snap");
        Assert.Equal(new CommandResult(1, "", "Error verifying snapshot file: failed to decompress snapshot: gzip: invalid header\n"), result);
        AssertUntouched();
    }

    [Fact]
    public async Task An_answer_that_breaks_off_replaces_nothing()
    {
        _folder.File("b.snap", "earlier");
        Assert.Equal(
            new CommandResult(1, "", "Error saving snapshot: unexpected EOF\n"),
            await AgainstAsync("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\ncut", "snapshot", "save", "b.snap"));
        AssertUntouched();
    }

    [Fact]
    public async Task Without_a_leader_saving_fails_as_recorded() =>
        Assert.Equal(
            new CommandResult(1, "", "Error saving snapshot: Unexpected response code: 500 (No cluster leader)\n"),
            await AgainstAsync("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 17\r\n\r\nNo cluster leader", "snapshot", "save", "x.snap"));

    [Fact]
    public async Task A_restore_that_is_accepted_is_said_to_be_done()
    {
        _folder.File("b.snap", "archive");
        Assert.Equal(new CommandResult(0, "Restored snapshot\n", ""), await AgainstAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "snapshot", "restore", "b.snap"));
    }

    [Fact]
    public async Task A_saved_archive_is_restored()
    {
        await RunAsync("kv", "put", "kept", "1");
        await RunAsync("snapshot", "save", "b.snap");
        await RunAsync("kv", "put", "kept", "2");
        await RunAsync("kv", "put", "later", "3");
        Assert.Equal(new CommandResult(0, "Restored snapshot\n", ""), await RunAsync("snapshot", "restore", "b.snap"));
        Assert.Equal("1\n", (await RunAsync("kv", "get", "kept")).Out);
        Assert.Equal(1, (await RunAsync("kv", "get", "later")).Exit);
    }

    [Fact]
    public async Task A_refused_restore_prints_the_servers_reason()
    {
        await RunAsync("kv", "put", "kept", "1");
        File.WriteAllText(Path.Combine(_folder.Path, "c.snap"), "no archive at all");
        var result = await RunAsync("snapshot", "restore", "c.snap");
        Assert.Equal(new CommandResult(1, "", "Error restoring snapshot: Unexpected response code: 500 (failed to decompress snapshot: gzip: invalid header)\n"), result);
        Assert.Equal("1\n", (await RunAsync("kv", "get", "kept")).Out);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_not_restored() =>
        Assert.Equal(new CommandResult(1, "", "Error opening snapshot file: open none.snap: no such file or directory\n"), await RunAsync("snapshot", "restore", "none.snap"));

    private void AssertUntouched()
    {
        var file = Assert.Single(Directory.GetFiles(_folder.Path));
        Assert.Equal("earlier", File.ReadAllText(file));
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandRunner.RunAsync(_folder.Path, _agent.Address, null, arguments);

    /// <summary>Runs a command against a server that gives one prepared answer.</summary>
    private async Task<CommandResult> AgainstAsync(string answer, params string[] arguments)
    {
        var stop = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var running = CommandRunner.RunAsync(_folder.Path, listener.LocalEndpoint.ToString(), null, arguments);
        using (var connection = await listener.AcceptTcpClientAsync(stop))
        {
            var stream = connection.GetStream();
            var (buffer, seen) = (new byte[4096], "");
            // A body follows its headers in a read of its own or in the same; both must be taken before the connection is closed.
            while (!seen.Contains("\r\n\r\n", StringComparison.Ordinal) || (arguments.Contains("restore") && !seen.EndsWith("archive", StringComparison.Ordinal)))
                seen += Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, stop));
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), stop);
        }
        return await running;
    }
}
