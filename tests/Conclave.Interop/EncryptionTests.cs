using System.Security.Cryptography;
using System.Text.Json;
using Conclave.Gossip;
using Conclave.Hosting;

namespace Conclave.Interop;

/// <summary>Members of ours and real serf agents in one encrypted pool.</summary>
public sealed class EncryptionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-keys").FullName;
    private readonly string _first = NewKey(), _second = NewKey();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_key_is_rotated_through_a_mixed_pool()
    {
        await using var serf = await SerfAgent.StartAsync("serf", profile: "lan", arguments: ["-keyring-file", Keyring("serf")]);
        await using var otherSerf = await SerfAgent.StartAsync("serf-2", profile: "lan", arguments: ["-keyring-file", Keyring("serf-2")]);
        await using var ours = await OurMember.StartAsync("ours", options => (options.KeyringPath, options.Profile) = (Keyring("ours"), MembershipProfile.Lan));
        await using var otherOurs = await OurMember.StartAsync("ours-2", options => (options.EncryptionKey, options.Profile) = (_first, MembershipProfile.Lan));
        await ours.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken);
        await otherSerf.JoinAsync(ours.Address);
        await otherOurs.Membership.JoinAsync(otherSerf.Address, TestContext.Current.CancellationToken);
        foreach (string name in (string[])["ours", "ours-2", "serf", "serf-2"])
        {
            await serf.SeesAsync(name, "alive");
            await ours.SeesAsync(name, MemberStatus.Alive);
        }

        await UntilAllAnswerAsync(() => ours.Membership.InstallKeyAsync(_second, stop: TestContext.Current.CancellationToken));
        await Eventually.Become(() => serf.CommandAsync("keys", "-use", _second), static done => done.Code == 0, "all use the new key");
        await UntilAllAnswerAsync(() => ours.Membership.RemoveKeyAsync(_first, stop: TestContext.Current.CancellationToken));

        var report = await UntilAllAnswerAsync(() => ours.Membership.ListKeysAsync(stop: TestContext.Current.CancellationToken));
        Assert.Equal((4, 4, 0), (report.Nodes, report.Answers, report.Errors));
        Assert.Equal([new(_second, 4)], report.Keys);
        Assert.Equal([new(_second, 4)], report.PrimaryKeys);
        string listed = (await Eventually.Become(() => serf.CommandAsync("keys", "-list"), static done => done.Code == 0, "all tell serf their keys")).Output;
        Assert.Contains(_second, listed);
        Assert.DoesNotContain(_first, listed);
        foreach (string file in (string[])["ours", "serf", "serf-2"])
            Assert.Equal([_second], JsonSerializer.Deserialize<string[]>(await File.ReadAllTextAsync(Keyring(file, create: false), TestContext.Current.CancellationToken))!);
        Assert.DoesNotContain(ours.Membership.Members, static member => member.Status != MemberStatus.Alive);
    }

    [Fact]
    public async Task Without_the_key_nobody_gets_in()
    {
        await using var serf = await SerfAgent.StartAsync("serf", arguments: ["-encrypt", _first]);
        await using var plain = await OurMember.StartAsync("plain");
        await using var wrong = await OurMember.StartAsync("wrong", options => options.EncryptionKey = _second);

        await Assert.ThrowsAsync<MembershipException>(() => plain.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<MembershipException>(() => wrong.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken));

        Assert.Equal(["serf"], (await serf.MembersAsync()).Keys);
        Assert.Equal("plain", Assert.Single(plain.Membership.Members).Name);
        Assert.Equal("wrong", Assert.Single(wrong.Membership.Members).Name);
    }

    // A query that a member misses is not repeated by anybody: operators ask again, and so does this.
    private static async Task<KeyReport> UntilAllAnswerAsync(Func<Task<KeyReport>> ask)
    {
        Func<Task<KeyReport?>> tryOnce = async () =>
        {
            try
            {
                return await ask();
            }
            catch (MembershipException)
            {
                return null;
            }
        };
        return (await Eventually.Become<KeyReport?>(tryOnce, static report => report is not null, "all members answer"))!;
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private string Keyring(string name, bool create = true)
    {
        string path = Path.Combine(_folder, name + ".keyring");
        if (create) File.WriteAllText(path, $"[\"{_first}\"]");
        return path;
    }
}
