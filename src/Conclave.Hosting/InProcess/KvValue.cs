using System.Text;
using Conclave.Core.Model;

namespace Conclave.Hosting;

/// <summary>A key as it stood when it was read. Immutable; holding it keeps its bytes alive, nothing has to be returned. The default value stands for a key that does not exist.</summary>
public readonly struct KvValue
{
    private readonly KvEntry? _entry;

    internal KvValue(KvEntry? entry) => _entry = entry;

    /// <summary>Whether the key existed.</summary>
    public bool Exists => _entry is not null;

    /// <summary>The key's bytes.</summary>
    public ReadOnlyMemory<byte> Key => _entry?.Key ?? ReadOnlyMemory<byte>.Empty;

    /// <summary>The stored bytes; shared with the store and never changed.</summary>
    public ReadOnlyMemory<byte> Bytes => _entry?.Value ?? ReadOnlyMemory<byte>.Empty;

    /// <summary>Opaque to the engine.</summary>
    public ulong Flags => _entry?.Flags ?? 0;

    /// <summary>Id of the session that holds the lock, or empty.</summary>
    public string Session => _entry?.Session ?? "";

    /// <summary>Number of successful acquisitions.</summary>
    public ulong LockIndex => _entry?.LockIndex ?? 0;

    /// <summary>Index at which the key was created.</summary>
    public ulong CreateIndex => _entry?.CreateIndex ?? 0;

    /// <summary>Index of the last change: what a compare-and-set compares with. 0 when the key does not exist.</summary>
    public ulong ModifyIndex => _entry?.ModifyIndex ?? 0;

    /// <summary>The key as text.</summary>
    public string KeyText => Encoding.UTF8.GetString(Key.Span);

    /// <summary>The value as text.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);
}

/// <summary>A key that changed below a watched prefix.</summary>
/// <param name="Key">Which.</param>
/// <param name="Value">Its new value; does not exist when the key was deleted.</param>
public readonly record struct KvChange(ReadOnlyMemory<byte> Key, KvValue Value)
{
    /// <summary>Whether the key is gone.</summary>
    public bool IsDelete => !Value.Exists;

    /// <summary>The key as text.</summary>
    public string KeyText => Encoding.UTF8.GetString(Key.Span);
}
