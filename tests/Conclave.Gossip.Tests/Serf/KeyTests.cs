using System.Text;
using Conclave.Gossip.Files;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>Keys of all members, changed through queries.</summary>
public sealed class KeyTests
{
    private static readonly byte[] s_old = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
    private static readonly byte[] s_new = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7))];

    [Fact]
    public void A_key_is_rotated_in_a_running_pool()
    {
        using var net = new PoolNet();
        var hosts = Encrypted(net, 4);
        Assert.Null(Manage(net, hosts[1], KeyOperation.Install, s_new).Error);
        Assert.Null(Manage(net, hosts[2], KeyOperation.Use, s_new).Error);
        var removed = Manage(net, hosts[3], KeyOperation.Remove, s_old);
        Assert.Null(removed.Error);
        Assert.Equal((4, 4, 0), (removed.Keys!.Nodes, removed.Keys.Answers, removed.Keys.Errors));
        var listed = Manage(net, hosts[0], KeyOperation.List, default).Keys!;
        Assert.Equal([new(Convert.ToBase64String(s_new), 4)], listed.Keys);
        Assert.Equal([new(Convert.ToBase64String(s_new), 4)], listed.PrimaryKeys);
        net.Run(TimeSpan.FromSeconds(30));
        Assert.All(hosts, host => Assert.Equal(4, host.Pool.AliveCount));
        foreach (var host in hosts)
        {
            var files = host.Files.FindAll(file => file.Work == GossipFileWork.ReplaceKeyring);
            Assert.Equal(3, files.Count);
            using var keyring = KeyringFile.Parse(files[^1].Bytes.Span);
            Assert.True(Assert.Single(keyring.Keys).Matches(s_new));
        }
    }

    [Theory]
    [InlineData(KeyOperation.Remove, "Removing the primary key is not allowed")]
    [InlineData(KeyOperation.Use, "Requested key is not in the keyring")]
    public void What_members_object_to_is_told_in_the_words_of_peers(KeyOperation operation, string text)
    {
        using var net = new PoolNet();
        var hosts = Encrypted(net, 3);
        var failed = Manage(net, hosts[0], operation, operation == KeyOperation.Remove ? s_old : s_new);
        Assert.Equal("3/3 nodes reported failure", failed.Error);
        Assert.Equal([new("a", text), new("b", text), new("c", text)], failed.Keys!.Messages);
    }

    [Fact]
    public void Without_encryption_there_is_no_keyring_to_change_or_list()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        Assert.Equal("No keyring to modify (encryption not enabled)", Manage(net, hosts[0], KeyOperation.Install, s_new).Keys!.Messages[0].Value);
        Assert.Equal("Keyring is empty (encryption not enabled)", Manage(net, hosts[0], KeyOperation.List, default).Keys!.Messages[0].Value);
    }

    [Fact]
    public void Members_that_do_not_answer_make_it_fail_when_the_time_is_over()
    {
        using var net = new PoolNet();
        var hosts = Encrypted(net, 3);
        hosts[2].IsStopped = true;
        var failed = Manage(net, hosts[0], KeyOperation.Install, s_new);
        Assert.Equal("2/3 nodes reported success", failed.Error);
        Assert.Equal((3, 2, 0), (failed.Keys!.Nodes, failed.Keys.Answers, failed.Keys.Errors));
    }

    [Fact]
    public void A_list_of_too_many_keys_is_cut_off_and_says_so()
    {
        using var net = new PoolNet();
        var keyring = new Keyring(new GossipKey(s_old));
        for (byte i = 0; i < 40; i++) keyring.TryInstall([.. s_new[..31], i]);
        var host = net.Add("a", keyring: keyring);
        var listed = Manage(net, host, KeyOperation.List, default).Keys!;
        Assert.InRange(listed.Keys.Count, 10, 30);
        Assert.Equal($"truncated key list response, showing first {listed.Keys.Count} of 41 keys", listed.Messages[0].Value);
    }

    [Fact]
    public void A_key_of_an_impossible_size_is_refused()
    {
        using var net = new PoolNet();
        var hosts = Encrypted(net, 2);
        Assert.Equal("key size must be 16, 24 or 32 bytes", Manage(net, hosts[0], KeyOperation.Install, s_new[..20]).Keys!.Messages[0].Value);
    }

    [Fact]
    public void No_key_ever_reaches_the_log()
    {
        using var net = new PoolNet();
        var hosts = Encrypted(net, 3);
        foreach (var operation in Enum.GetValues<KeyOperation>())
        {
            Manage(net, hosts[0], operation, s_new);
            Manage(net, hosts[0], operation, s_old);
        }
        string[] forms = [Convert.ToBase64String(s_new), Convert.ToBase64String(s_old), Convert.ToHexString(s_new), Encoding.Latin1.GetString(s_new)];
        foreach (var host in hosts)
            Assert.DoesNotContain(host.Log, line => forms.Any(form => line.Contains(form, StringComparison.OrdinalIgnoreCase)));
    }

    private static PoolHost[] Encrypted(PoolNet net, int count)
    {
        var hosts = new PoolHost[count];
        for (int i = 0; i < count; i++)
        {
            hosts[i] = net.Add(((char)('a' + i)).ToString(), keyring: new Keyring(new GossipKey(s_old)));
            if (i > 0) net.Join(hosts[i], hosts[0]);
        }
        net.Run(TimeSpan.FromSeconds(3));
        Assert.All(hosts, host => Assert.Equal((count, true), (host.Pool.AliveCount, host.Pool.IsEncrypted)));
        return hosts;
    }

    private static GossipCompletion Manage(PoolNet net, PoolHost host, KeyOperation operation, ReadOnlySpan<byte> key)
    {
        host.Completions.Clear();
        byte[] copy = key.ToArray();
        net.Do(host, pool => pool.ManageKeys(5, operation, copy, relayFactor: 0));
        Assert.True(net.RunUntil(() => host.CompletionOf(5) is not null, TimeSpan.FromSeconds(30)));
        return host.CompletionOf(5)!.Value;
    }
}
