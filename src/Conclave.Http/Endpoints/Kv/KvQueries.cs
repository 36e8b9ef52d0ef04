using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Remote;
using Conclave.Rpc.Messages;
using Conclave.State;

namespace Conclave.Http.Endpoints.Kv;

/// <summary>One key.</summary>
internal sealed class KvGetQuery(byte[] key, bool raw, RemoteQuestion? question) : ReadQuery
{
    private KvEntry? _entry;

    public override RemoteQuestion? Remote { get; } = question;

    public override QueryMeta Read(ReadOnlyMemory<byte> result)
    {
        var entries = new List<KvEntry>(1);
        var meta = RowResults.Read(result, "Entries"u8, KvEntryCodec.Read, entries);
        _entry = entries.Count > 0 ? entries[0] : null;
        return meta;
    }

    public override bool IsMissing => _entry is null;

    public override string ContentType => raw ? KvRaw.ContentType : "application/json";

    public override ulong Run(StateRoot root, WatchSet? watches) => root.KvGet(key, watches, out _entry);

    public override void Write(JsonOut json)
    {
        if (raw)
        {
            json.Raw(_entry!.Value.Span);
            return;
        }
        json.BeginArray();
        ModelJson.Write(json, _entry!);
        json.EndArray();
    }

    public override void Forget() => _entry = null;

    protected override void OnCopied() => _entry = null;
}

/// <summary>All keys below a prefix.</summary>
internal sealed class KvListQuery(byte[] prefix, bool raw, RemoteQuestion? question) : ReadQuery
{
    private List<KvEntry> _entries = [];

    public override RemoteQuestion? Remote { get; } = question;

    public override QueryMeta Read(ReadOnlyMemory<byte> result)
    {
        _entries.Clear();
        return RowResults.Read(result, "Entries"u8, KvEntryCodec.Read, _entries);
    }

    public override bool IsMissing => _entries.Count == 0;

    public override string ContentType => raw ? KvRaw.ContentType : "application/json";

    public override ulong Run(StateRoot root, WatchSet? watches)
    {
        _entries.Clear();
        return root.KvList(prefix, watches, _entries);
    }

    public override void Write(JsonOut json)
    {
        if (raw)
        {
            json.Raw(_entries[0].Value.Span);
            return;
        }
        json.BeginArray();
        foreach (var entry in _entries) ModelJson.Write(json, entry);
        json.EndArray();
    }

    public override void Forget() => _entries = [];

    protected override void OnCopied() => _entries = [];
}

/// <summary>Names below a prefix.</summary>
internal sealed class KvKeysQuery(byte[] prefix, byte[] separator, RemoteQuestion? question) : ReadQuery
{
    private List<ReadOnlyMemory<byte>> _keys = [];

    public override RemoteQuestion? Remote { get; } = question;

    public override QueryMeta Read(ReadOnlyMemory<byte> result)
    {
        _keys.Clear();
        return RowResults.Read(result, "Keys"u8, ReadKey, _keys);
    }

    public override bool IsMissing => _keys.Count == 0;

    public override ulong Run(StateRoot root, WatchSet? watches)
    {
        _keys.Clear();
        return root.KvKeys(prefix, separator, watches, _keys);
    }

    public override void Write(JsonOut json)
    {
        json.BeginArray();
        foreach (var key in _keys) json.String(key.Span);
        json.EndArray();
    }

    public override void Forget() => _keys = [];

    protected override void OnCopied() => _keys = [];

    private static ReadOnlyMemory<byte> ReadKey(ref MsgPackReader reader) => reader.TryReadMemory(out var key) ? key : default;
}
