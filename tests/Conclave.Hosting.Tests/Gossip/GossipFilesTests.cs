using System.Text;
using Conclave.Gossip;
using Conclave.Hosting.Gossip;

namespace Conclave.Tests.Gossip;

public sealed class GossipFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-gossip").FullName;

    private string Snapshot => Path.Combine(_folder, "serf", "local.snapshot");

    private string Keyring => Path.Combine(_folder, "serf", "local.keyring");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Work_is_carried_out_in_order()
    {
        var (files, inbox) = (New(Snapshot, null, out var box), box);
        files.Submit(File(GossipFileWork.AppendSnapshot, "a\n"));
        files.Submit(File(GossipFileWork.AppendSnapshotAndFlush, "b\n"));
        files.Submit(File(GossipFileWork.ReplaceSnapshot, "c\n"));
        files.Submit(File(GossipFileWork.AppendSnapshot, "d\n"));

        await Finish(files);

        Assert.Equal("c\nd\n", await System.IO.File.ReadAllTextAsync(Snapshot, TestContext.Current.CancellationToken));
        Assert.False(inbox.Inputs.TryRead(out _));
        Assert.Equal([Snapshot], Directory.GetFiles(Path.GetDirectoryName(Snapshot)!));
    }

    [Fact]
    public async Task A_snapshot_goes_on_where_the_last_life_ended()
    {
        foreach (string line in (string[])["a\n", "b\n"])
        {
            var files = New(Snapshot, null, out _);
            files.Submit(File(GossipFileWork.AppendSnapshot, line));
            await Finish(files);
        }

        Assert.Equal("a\nb\n", await System.IO.File.ReadAllTextAsync(Snapshot, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_keyring_is_its_owners_alone_even_if_somebody_left_a_file_beside_it()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Keyring)!);
        await System.IO.File.WriteAllTextAsync(Keyring + ".tmp", "from a crash", TestContext.Current.CancellationToken);
        var files = New(null, Keyring, out _);
        files.Submit(File(GossipFileWork.ReplaceKeyring, "[]"));

        await Finish(files);

        Assert.Equal("[]", await System.IO.File.ReadAllTextAsync(Keyring, TestContext.Current.CancellationToken));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(Keyring));
    }

    [Fact]
    public async Task A_failure_is_told_and_the_next_work_is_tried()
    {
        Directory.CreateDirectory(Snapshot);                           // a folder where the file should be
        var files = New(Snapshot, Keyring, out var inbox);
        files.Submit(File(GossipFileWork.AppendSnapshot, "a\n"));
        files.Submit(File(GossipFileWork.ReplaceKeyring, "[]"));

        await Finish(files);

        Assert.True(inbox.Inputs.TryRead(out var input));
        Assert.Equal((GossipInputKind.FileFailed, GossipFileWork.AppendSnapshot), (input.Kind, ((GossipFileFailure)input.Subject!).Work));
        Assert.True(System.IO.File.Exists(Keyring));
    }

    private static GossipFile File(GossipFileWork work, string text) => new(work, Encoding.UTF8.GetBytes(text));

    private static GossipFiles New(string? snapshot, string? keyring, out GossipInbox inbox) => new(snapshot, keyring, inbox = new GossipInbox());

    private static async Task Finish(GossipFiles files)
    {
        files.Complete();
        await files.RunAsync();
        files.Dispose();
    }
}
