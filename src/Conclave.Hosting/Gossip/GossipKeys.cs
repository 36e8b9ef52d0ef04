using Conclave.Gossip;
using Conclave.Gossip.Files;
using Conclave.Gossip.Security;

namespace Conclave.Hosting.Gossip;

/// <summary>Where a pool's keys come from when it starts.</summary>
internal static class GossipKeys
{
    /// <summary>
    /// The keys of the file if there is one, else the configured key, with which the file is then made; null when there is neither: no encryption. The caller owns them.
    /// </summary>
    /// <param name="path">The keyring file; null for none.</param>
    /// <param name="key">The configured key in base64, or empty.</param>
    /// <param name="isKeyPassedOver">Whether the file counted although a key was configured.</param>
    /// <exception cref="GossipFormatException">The file is no keyring, or the key is none.</exception>
    /// <exception cref="IOException">The file cannot be used.</exception>
    public static Keyring? Load(string? path, string key, out bool isKeyPassedOver)
    {
        isKeyPassedOver = false;
        if (path is not null && File.Exists(path))
        {
            isKeyPassedOver = key.Length > 0;
            if (new FileInfo(path).Length > GossipLimits.KeyringFileBytesMax) throw new IOException($"{path} is too large for a keyring");
            return KeyringFile.Parse(File.ReadAllBytes(path));
        }
        if (key.Length == 0) return null;
        var primary = GossipKey.Parse(key);
        if (path is not null) GossipFiles.Replace(path, KeyringFile.FormatNew(primary), ".tmp");
        return new Keyring(primary);
    }
}
