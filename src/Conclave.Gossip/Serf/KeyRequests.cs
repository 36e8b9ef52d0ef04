using Conclave.Gossip.Files;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Serf;

/// <summary>Carries out what a member asks to be done with our keys. Texts are those of the peers; none says anything of a key.</summary>
internal sealed class KeyRequests(SerfContext context)
{
    public const string Empty = "Keyring is empty (encryption not enabled)";

    private const string NoKeyring = "No keyring to modify (encryption not enabled)";

    /// <summary>Changes the keyring, and has its file written; returns what is wrong, or nothing.</summary>
    public string Carry(KeyOperation operation, ReadOnlySpan<byte> key)
    {
        if (context.Swim.Keyring is not { } keyring) return NoKeyring;
        string error = operation switch
        {
            KeyOperation.Install => Install(keyring, key),
            KeyOperation.Use => Use(keyring, key),
            _ => Remove(keyring, key),
        };
        if (error.Length == 0) context.Outbox.Store(new GossipFile(GossipFileWork.ReplaceKeyring, KeyringFile.Format(keyring)));
        return error;
    }

    private string Install(Keyring keyring, ReadOnlySpan<byte> key)
    {
        context.LogOfOthers(GossipLogLevel.Info, "Received install-key query");
        if (!GossipKey.IsKeySize(key.Length)) return "key size must be 16, 24 or 32 bytes";
        return keyring.TryInstall(key) ? "" : $"The keyring is full ({GossipLimits.KeysMax} keys)";
    }

    private string Use(Keyring keyring, ReadOnlySpan<byte> key)
    {
        context.LogOfOthers(GossipLogLevel.Info, "Received use-key query");
        return keyring.TryUse(key) ? "" : "Requested key is not in the keyring";
    }

    private string Remove(Keyring keyring, ReadOnlySpan<byte> key)
    {
        context.LogOfOthers(GossipLogLevel.Info, "Received remove-key query");
        return keyring.TryRemove(key) ? "" : "Removing the primary key is not allowed";
    }
}
