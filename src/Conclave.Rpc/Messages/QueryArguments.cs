using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Rpc.Messages;

/// <summary>
/// The argument of any read. Methods ask for different fields, but a field means the same wherever it stands, missing ones are zero and unknown ones mean nothing:
/// one form reads them all.
/// </summary>
public sealed record QueryArguments
{
    private static readonly FieldNames s_fields = new(
        "Datacenter", "Token", "MinQueryIndex", "MaxQueryTime", "AllowStale", "RequireConsistent", "Filter", "Source", "NodeMetaFilters", "Node", "ServiceName", "ServiceTag",
        "ServiceTags", "TagFilter", "ServiceAddress", "Connect", "Ingress", "State", "Key", "Prefix", "Seperator", "SessionID", "Session", "ServiceKind", "UseServiceKind", "Kind", "Name", "MaxStaleDuration");

#pragma warning disable CS1591 // Names of the wire.
    public QueryOptions Options { get; init; }
    public string Datacenter { get; init; } = "";
    public string SourceNode { get; init; } = "";
    public string SourceIp { get; init; } = "";
    public TextMap<string>? NodeMetaFilters { get; init; }
    public string Node { get; init; } = "";
    public string ServiceName { get; init; } = "";
    public IReadOnlyList<string>? ServiceTags { get; init; }
    public bool TagFilter { get; init; }
    public string ServiceAddress { get; init; } = "";
    public bool Connect { get; init; }
    public bool Ingress { get; init; }
    public string State { get; init; } = "";
    public byte[] Key { get; init; } = [];
    public byte[] Separator { get; init; } = [];
    public string SessionId { get; init; } = "";
    public string ServiceKind { get; init; } = "";
    public bool UseServiceKind { get; init; }
    public string Kind { get; init; } = "";
    public string Name { get; init; } = "";
#pragma warning restore CS1591

    /// <summary>Reads an argument.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static QueryArguments Read(ReadOnlySpan<byte> argument)
    {
        var reader = new MsgPackReader(argument);
        var draft = new Draft();
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field)) draft.Take(ref reader, field);
        return draft.Finish();
    }

    /// <summary>
    /// What is asked, apart from who asks, how fresh the answer must be and what the asker has seen: arguments of one method with equal texts have the same answer. Not for people to read.
    /// </summary>
    public string Question()
    {
        var text = new StringBuilder(128);
        Add(text, SourceNode);
        Add(text, SourceIp);
        Add(text, Node);
        Add(text, ServiceName);
        Add(text, ServiceAddress);
        Add(text, State);
        Add(text, SessionId);
        Add(text, ServiceKind);
        Add(text, Kind);
        Add(text, Name);
        Add(text, Options.Filter);
        Add(text, Encoding.Latin1.GetString(Key));
        Add(text, Encoding.Latin1.GetString(Separator));
        text.Append(TagFilter ? 't' : '-').Append(Connect ? 'c' : '-').Append(Ingress ? 'i' : '-').Append(UseServiceKind ? 'k' : '-');
        text.Append(ServiceTags?.Count ?? 0).Append(',');
        for (int i = 0; i < (ServiceTags?.Count ?? 0); i++) Add(text, ServiceTags![i]);
        for (int i = 0; i < (NodeMetaFilters?.Count ?? 0); i++)
        {
            Add(text, NodeMetaFilters!.KeyAt(i));
            Add(text, NodeMetaFilters.ValueAt(i));
        }
        return text.ToString();
    }

    // With its length in front, so that no two lists of texts look alike.
    private static void Add(StringBuilder to, string? text) => to.Append(text?.Length ?? 0).Append(':').Append(text);

    /// <summary>Writes the argument of a method that asks about a session.</summary>
    public static void WriteSession(ref MsgPackWriter writer, string datacenter, string sessionId)
    {
        writer.WriteMapHeader(3);
        writer.WriteField("Datacenter"u8, datacenter);
        writer.WriteField("Session"u8, sessionId);
        writer.WriteField("SessionID"u8, sessionId);
    }

    /// <summary>
    /// Writes an argument: the fields that are not zero, ordered by name, which every method reads as it reads its own form. A key is written under both of its names,
    /// <c>Key</c> and <c>Prefix</c>, and a session's id likewise.
    /// </summary>
    public void Write(ref MsgPackWriter writer)
    {
        var draft = new ArgumentWriter(CountFields());
        Write(ref writer, ref draft);
    }

    private int CountFields()
    {
        using var nothing = new PooledBuffer(512);
        var writer = new MsgPackWriter(nothing);
        var draft = new ArgumentWriter(fields: 0);
        Write(ref writer, ref draft);
        return draft.Written;
    }

    private void Write(ref MsgPackWriter writer, ref ArgumentWriter to)
    {
        to.Begin(ref writer);
        to.Field(ref writer, "AllowStale"u8, Options.AllowStale);
        to.Field(ref writer, "Connect"u8, Connect);
        to.Always(ref writer, "Datacenter"u8, Datacenter);
        to.Field(ref writer, "Filter"u8, Options.Filter);
        to.Field(ref writer, "Ingress"u8, Ingress);
        to.Field(ref writer, "Key"u8, Key);
        to.Field(ref writer, "Kind"u8, Kind);
        to.Field(ref writer, "MaxQueryTime"u8, Options.MaxQueryTimeNanoseconds);
        to.Field(ref writer, "MaxStaleDuration"u8, Options.MaxStaleNanoseconds);
        to.Field(ref writer, "MinQueryIndex"u8, (long)Options.MinQueryIndex);
        to.Field(ref writer, "Name"u8, Name);
        to.Field(ref writer, "Node"u8, Node);
        to.Field(ref writer, "NodeMetaFilters"u8, NodeMetaFilters);
        to.Field(ref writer, "Prefix"u8, Key);
        to.Field(ref writer, "RequireConsistent"u8, Options.RequireConsistent);
        to.Field(ref writer, "Seperator"u8, Separator);
        to.Field(ref writer, "ServiceAddress"u8, ServiceAddress);
        to.Field(ref writer, "ServiceKind"u8, ServiceKind);
        to.Field(ref writer, "ServiceName"u8, ServiceName);
        to.Field(ref writer, "ServiceTags"u8, ServiceTags);
        to.Field(ref writer, "Session"u8, SessionId);
        to.Field(ref writer, "SessionID"u8, SessionId);
        WriteSource(ref writer, ref to);
        to.Field(ref writer, "State"u8, State);
        to.Field(ref writer, "TagFilter"u8, TagFilter);
        to.Always(ref writer, "Token"u8, Options.Token);
        to.Field(ref writer, "UseServiceKind"u8, UseServiceKind);
    }

    private void WriteSource(ref MsgPackWriter writer, ref ArgumentWriter to)
    {
        if (SourceNode.Length == 0 && SourceIp.Length == 0) return;
        to.Key(ref writer, "Source"u8);
        writer.WriteMapHeader(4);
        writer.WriteField("Datacenter"u8, Datacenter);
        writer.WriteField("Ip"u8, SourceIp);
        writer.WriteField("Node"u8, SourceNode);
        writer.WriteField("Segment"u8, "");
    }

    private ref struct Draft
    {
        private string? _datacenter, _token, _filter, _source, _node, _service, _tag, _address, _state, _session, _sessionId, _serviceKind, _kind, _name, _ip;
        private ulong _minIndex;
        private long _maxTime, _maxStale;
        private bool _stale, _consistent, _tagFilter, _connect, _ingress, _useKind;
        private TextMap<string>? _meta;
        private IReadOnlyList<string>? _tags;
        private byte[]? _key, _separator;

        public void Take(ref MsgPackReader reader, int field)
        {
            switch (field)
            {
                case 0: _datacenter = reader.ReadText(); break;
                case 1: _token = reader.ReadText(); break;
                case 2: _minIndex = reader.ReadUInt64(); break;
                case 3: _maxTime = reader.ReadInt64(); break;
                case 4: _stale = reader.ReadBool(); break;
                case 5: _consistent = reader.ReadBool(); break;
                case 6: _filter = reader.ReadText(); break;
                case 7: (_source, _ip) = ReadSource(ref reader); break;
                case 8: _meta = MsgPackCollections.ReadTextMap(ref reader); break;
                case 9: _node = reader.ReadText(); break;
                case 10: _service = reader.ReadText(); break;
                case 11: _tag = reader.ReadText(); break;
                case 12: _tags = MsgPackCollections.ReadTexts(ref reader); break;
                case 13: _tagFilter = reader.ReadBool(); break;
                case 14: _address = reader.ReadText(); break;
                case 15: _connect = reader.ReadBool(); break;
                case 16: _ingress = reader.ReadBool(); break;
                case 17: _state = reader.ReadText(); break;
                case 18 or 19: _key = reader.ReadTextSpan().ToArray(); break;
                case 20: _separator = reader.ReadTextSpan().ToArray(); break;
                case 21: _sessionId = reader.ReadText(); break;
                case 22: _session = reader.ReadText(); break;
                case 23: _serviceKind = reader.ReadText(); break;
                case 24: _useKind = reader.ReadBool(); break;
                case 25: _kind = reader.ReadText(); break;
                case 26: _name = reader.ReadText(); break;
                case 27: _maxStale = reader.ReadInt64(); break;
            }
        }

        public readonly QueryArguments Finish() => new()
        {
            Options = new()
            {
                Token = _token, MinQueryIndex = _minIndex, MaxQueryTimeNanoseconds = _maxTime, AllowStale = _stale, RequireConsistent = _consistent, Filter = _filter,
                MaxStaleNanoseconds = _maxStale,
            },
            Datacenter = _datacenter ?? "",
            SourceNode = _source ?? "",
            SourceIp = _ip ?? "",
            NodeMetaFilters = _meta,
            Node = _node ?? "",
            ServiceName = _service ?? "",
            // Older senders have one tag only.
            ServiceTags = _tags is { Count: > 0 } ? _tags : string.IsNullOrEmpty(_tag) ? null : [_tag],
            TagFilter = _tagFilter,
            ServiceAddress = _address ?? "",
            Connect = _connect,
            Ingress = _ingress,
            State = _state ?? "",
            Key = _key ?? [],
            Separator = _separator ?? [],
            SessionId = string.IsNullOrEmpty(_sessionId) ? _session ?? "" : _sessionId,
            ServiceKind = _serviceKind ?? "",
            UseServiceKind = _useKind,
            Kind = _kind ?? "",
            Name = _name ?? "",
        };

        private static (string Node, string Ip) ReadSource(ref MsgPackReader reader)
        {
            string node = "", ip = "";
            for (int left = reader.ReadMapHeader(); left > 0; left--)
            {
                var key = reader.ReadKey();
                if (key.SequenceEqual("Node"u8)) node = reader.ReadText();
                else if (key.SequenceEqual("Ip"u8)) ip = reader.ReadText();
                else reader.Skip(acceptExtensions: true);
            }
            return (node, ip);
        }
    }
}
