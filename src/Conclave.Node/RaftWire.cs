using System.Buffers;
using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Raft;
using Conclave.Rpc;
using Conclave.Rpc.Raft;

namespace Conclave.Node;

/// <summary>A request from another server, as it came.</summary>
/// <param name="Message">The message; its sender is the id in the header, else the address, which the receiver then has to look up; it has no receiver and no number yet.</param>
/// <param name="Address">The sender's <c>ip:port</c>, or empty.</param>
/// <param name="Offer">For a snapshot what is announced; its bytes follow.</param>
/// <param name="Refusal">Not empty: the request cannot be taken; the error text to answer with.</param>
public readonly record struct RaftWireRequest(RaftMessage Message, string Address, SnapshotOffer? Offer, string Refusal);

/// <summary>Between the messages of the Raft core and what travels between servers (docs/wire). I/O-free; used by real connections and by simulated ones.</summary>
/// <param name="id">Id of this server.</param>
/// <param name="address">Its advertised <c>ip:port</c>.</param>
public sealed class RaftWire(string id, string address)
{
    // The words by which a peer that does not know pre-votes refuses one: it has nothing against an election.
    private const string UnknownCommand = "unexpected command";

    private readonly WireBytes _address = Encoding.UTF8.GetBytes(address);
    private readonly RaftHeader _header = new() { ProtocolVersion = RaftHeader.CurrentVersion, Id = Encoding.UTF8.GetBytes(id), Address = Encoding.UTF8.GetBytes(address) };

    /// <summary>Writes a request: an append, a vote, a pre-vote or the order to campaign.</summary>
    public void WriteRequest(IBufferWriter<byte> output, in RaftMessage message)
    {
        switch (message.Kind)
        {
            case RaftMessageKind.Append:
                RaftWireCodec.WriteRequest(output, ToAppend(message));
                break;
            case RaftMessageKind.Vote:
                RaftWireCodec.WriteRequest(output, new RequestVoteRequest
                {
                    Header = _header, Term = message.Term.Value, Candidate = _address, LastLogIndex = message.LogIndex.Value, LastLogTerm = message.LogTerm.Value,
                    LeadershipTransfer = message.LeadershipTransfer,
                });
                break;
            case RaftMessageKind.PreVote:
                RaftWireCodec.WriteRequest(output, new RequestPreVoteRequest { Header = _header, Term = message.Term.Value, LastLogIndex = message.LogIndex.Value, LastLogTerm = message.LogTerm.Value });
                break;
            case RaftMessageKind.TimeoutNow:
                RaftWireCodec.WriteRequest(output, new TimeoutNowRequest { Header = _header });
                break;
            default:
                throw new ArgumentException($"{message.Kind} is no request");
        }
    }

    /// <summary>Writes the announcement of a snapshot.</summary>
    public void WriteOffer(IBufferWriter<byte> output, SnapshotOffer offer) => RaftWireCodec.WriteRequest(output, new InstallSnapshotRequest
    {
        Header = _header, SnapshotVersion = InstallSnapshotRequest.CurrentSnapshotVersion, Term = offer.Message.Term.Value, Leader = _address,
        LastLogIndex = offer.Message.LogIndex.Value, LastLogTerm = offer.Message.LogTerm.Value, Peers = VoterAddresses(offer.Configuration),
        Configuration = ConfigurationCodec.Encode(offer.Configuration), ConfigurationIndex = offer.ConfigurationIndex.Value, Size = offer.Size,
    });

    /// <summary>Writes the answer to a request of this kind.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="request">Kind of the request.</param>
    /// <param name="reply">The core's answer; for <see cref="RaftMessageKind.TimeoutNow"/> it does not matter.</param>
    /// <param name="error">A text for the sender; with it nothing counts as done.</param>
    public void WriteReply(IBufferWriter<byte> output, RaftMessageKind request, in RaftMessage reply, string error = "")
    {
        switch (request)
        {
            case RaftMessageKind.Append:
                RaftWireCodec.WriteReply(output, new RaftReply<AppendEntriesResult>(error, new AppendEntriesResult
                {
                    Header = _header, Term = reply.Term.Value, LastLog = reply.LogIndex.Value, Success = reply.Success && error.Length == 0, NoRetryBackoff = reply.NoRetryBackoff,
                }));
                break;
            case RaftMessageKind.Vote:
                RaftWireCodec.WriteReply(output, new RaftReply<RequestVoteResult>(error, new RequestVoteResult { Header = _header, Term = reply.Term.Value, Granted = reply.Success }));
                break;
            case RaftMessageKind.PreVote:
                RaftWireCodec.WriteReply(output, new RaftReply<RequestPreVoteResult>(error, new RequestPreVoteResult { Header = _header, Term = reply.Term.Value, Granted = reply.Success }));
                break;
            case RaftMessageKind.TimeoutNow:
                RaftWireCodec.WriteReply(output, new RaftReply<TimeoutNowResult>(error, new TimeoutNowResult { Header = _header }));
                break;
            default:
                RaftWireCodec.WriteReply(output, new RaftReply<InstallSnapshotResult>(error, new InstallSnapshotResult { Header = _header, Term = reply.Term.Value, Success = reply.Success && error.Length == 0 }));
                break;
        }
    }

    /// <summary>Writes the refusal of a request: an error and no result.</summary>
    public static void WriteRefusal(IBufferWriter<byte> output, string error) => RaftWireCodec.WriteReply(output, new RaftReply<TimeoutNowResult>(error, null));

    /// <summary>Reads a request. Entries keep their bytes: slices of <paramref name="frame"/> when one of them makes up most of it, copies otherwise.</summary>
    /// <exception cref="MsgPackException">It is no request, or one that no log may hold: close the connection.</exception>
    public static RaftWireRequest ReadRequest(ReadOnlyMemory<byte> frame) => RaftWireCodec.TypeOf(frame.Span) switch
    {
        RaftRpc.AppendEntries => ReadAppend(frame),
        RaftRpc.RequestVote => ReadVote(RaftWireCodec.ReadRequest<RequestVoteRequest>(frame)),
        RaftRpc.InstallSnapshot => ReadOffer(RaftWireCodec.ReadRequest<InstallSnapshotRequest>(frame)),
        RaftRpc.TimeoutNow => From(RaftWireCodec.ReadRequest<TimeoutNowRequest>(frame).Header, default, new RaftMessage { Kind = RaftMessageKind.TimeoutNow }),
        _ => ReadPreVote(RaftWireCodec.ReadRequest<RequestPreVoteRequest>(frame)),
    };

    /// <summary>Reads the answer to a request of ours.</summary>
    /// <param name="frame">The answer, whole.</param>
    /// <param name="request">What was asked.</param>
    /// <exception cref="MsgPackException">It is no answer to it: close the connection.</exception>
    public static RaftMessage ReadReply(ReadOnlyMemory<byte> frame, in RaftMessage request)
    {
        var reply = new RaftMessage { From = request.To, To = request.From, RequestId = request.RequestId, Heartbeat = request.Heartbeat };
        switch (request.Kind)
        {
            case RaftMessageKind.Append:
                var append = RaftWireCodec.ReadReply<AppendEntriesResult>(frame);
                // A refusal without a result says nothing about the log: what is known of it stays.
                return append.Result is { } appended
                    ? reply with { Kind = RaftMessageKind.AppendReply, Term = new Term(appended.Term), LogIndex = new LogIndex(appended.LastLog), Success = appended.Success, NoRetryBackoff = appended.NoRetryBackoff }
                    : reply with { Kind = RaftMessageKind.AppendReply, Term = request.Term, LogIndex = request.LogIndex };
            case RaftMessageKind.Vote:
                var vote = RaftWireCodec.ReadReply<RequestVoteResult>(frame);
                return reply with { Kind = RaftMessageKind.VoteReply, Term = new Term(vote.Result?.Term ?? 0), Success = vote.Result is { Granted: true } };
            case RaftMessageKind.PreVote:
                return ReadPreVoteReply(RaftWireCodec.ReadReply<RequestPreVoteResult>(frame), request, reply);
            case RaftMessageKind.Snapshot:
                var install = RaftWireCodec.ReadReply<InstallSnapshotResult>(frame);
                return reply with
                {
                    Kind = RaftMessageKind.SnapshotReply, Term = new Term(install.Result?.Term ?? request.Term.Value), LogIndex = request.LogIndex,
                    Success = install.Result is { Success: true } && install.Error.Length == 0,
                };
            default:
                RaftWireCodec.ReadReply<TimeoutNowResult>(frame);
                return reply with { Kind = RaftMessageKind.TimeoutNow };
        }
    }

    private static RaftMessage ReadPreVoteReply(RaftReply<RequestPreVoteResult> answer, in RaftMessage request, RaftMessage reply)
    {
        if (answer.Error.Contains(UnknownCommand, StringComparison.Ordinal)) return PreVoteUnknown(request);
        bool granted = answer.Result is { Granted: true };
        // The core wants a grant to carry the term that was asked for; others answer with their own.
        return reply with { Kind = RaftMessageKind.PreVoteReply, Term = granted ? request.Term : new Term(answer.Result?.Term ?? 0), Success = granted };
    }

    /// <summary>The answer in the name of a peer that does not know pre-votes: it has nothing against the election, and decides when its vote is asked for.</summary>
    public static RaftMessage PreVoteUnknown(in RaftMessage request) =>
        new() { Kind = RaftMessageKind.PreVoteReply, From = request.To, To = request.From, RequestId = request.RequestId, Term = request.Term, Success = true };

    private AppendEntriesRequest ToAppend(in RaftMessage message)
    {
        if (message.Heartbeat) return new AppendEntriesRequest { Header = _header, Term = message.Term.Value, Leader = _address };
        RaftEntry[]? entries = null;
        if (!message.Entries.IsEmpty)
        {
            entries = new RaftEntry[message.Entries.Length];
            var source = message.Entries.Span;
            for (int i = 0; i < entries.Length; i++) entries[i] = ToEntry(source[i]);
        }
        return new AppendEntriesRequest
        {
            Header = _header, Term = message.Term.Value, Leader = _address, PrevLogEntry = message.LogIndex.Value, PrevLogTerm = message.LogTerm.Value,
            Entries = entries, LeaderCommitIndex = message.Commit.Value,
        };
    }

    private static RaftEntry ToEntry(in LogEntry entry) => new()
    {
        Index = entry.Index.Value, Term = entry.Term.Value, Type = (RaftEntryType)entry.Type,
        Data = entry.Data.IsEmpty ? default : new WireBytes(entry.Data), Extensions = entry.Extensions.IsEmpty ? default : new WireBytes(entry.Extensions),
    };

    private static RaftWireRequest ReadAppend(ReadOnlyMemory<byte> frame)
    {
        var request = RaftWireCodec.ReadRequest<AppendEntriesRequest>(frame);
        var message = new RaftMessage { Kind = RaftMessageKind.Append, Term = new Term(request.Term) };
        if (request.IsHeartbeat) return From(request.Header with { ProtocolVersion = RaftHeader.CurrentVersion }, request.Leader, message with { Heartbeat = true });
        return From(request.Header, request.Leader, message with
        {
            LogIndex = new LogIndex(request.PrevLogEntry), LogTerm = new Term(request.PrevLogTerm), Commit = new LogIndex(request.LeaderCommitIndex),
            Entries = ReadEntries(request.Entries, frame.Length),
        });
    }

    private static LogEntry[] ReadEntries(RaftEntry[]? entries, int frameBytes)
    {
        if (entries is null || entries.Length == 0) return [];
        var result = new LogEntry[entries.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            ref readonly var entry = ref entries[i];
            if (entry.Type is not (RaftEntryType.Command or RaftEntryType.Noop or RaftEntryType.Barrier or RaftEntryType.Configuration))
                throw new MsgPackException($"log entry {entry.Index} is of type {(byte)entry.Type}, which this server does not know", 0);
            if (entry.Type == RaftEntryType.Command && entry.Data.Length == 0) throw new MsgPackException($"the command of log entry {entry.Index} is empty", 0);
            if (entry.Extensions.Length > byte.MaxValue) throw new MsgPackException($"the extensions of log entry {entry.Index} take {entry.Extensions.Length} bytes", 0);
            // What is kept in the log must not keep a much larger buffer alive.
            var data = entry.Data.Length * 2 >= frameBytes ? entry.Data.Memory : entry.Data.Span.ToArray();
            result[i] = new LogEntry(new LogIndex(entry.Index), new Term(entry.Term), (EntryType)entry.Type, data, entry.Extensions.Span.ToArray());
        }
        return result;
    }

    private static RaftWireRequest ReadVote(in RequestVoteRequest request) => From(request.Header, request.Candidate, new RaftMessage
    {
        Kind = RaftMessageKind.Vote, Term = new Term(request.Term), LogIndex = new LogIndex(request.LastLogIndex), LogTerm = new Term(request.LastLogTerm), LeadershipTransfer = request.LeadershipTransfer,
    });

    private static RaftWireRequest ReadPreVote(in RequestPreVoteRequest request) => From(request.Header, default, new RaftMessage
    {
        Kind = RaftMessageKind.PreVote, Term = new Term(request.Term), LogIndex = new LogIndex(request.LastLogIndex), LogTerm = new Term(request.LastLogTerm),
    });

    private static RaftWireRequest ReadOffer(in InstallSnapshotRequest request)
    {
        var read = From(request.Header, request.Leader, new RaftMessage
        {
            Kind = RaftMessageKind.Snapshot, Term = new Term(request.Term), LogIndex = new LogIndex(request.LastLogIndex), LogTerm = new Term(request.LastLogTerm),
        });
        string refusal = read.Refusal;
        if (refusal.Length == 0 && request.SnapshotVersion is not (0 or InstallSnapshotRequest.CurrentSnapshotVersion)) refusal = $"unsupported snapshot version {request.SnapshotVersion}";
        Configuration configuration;
        try
        {
            configuration = ConfigurationCodec.Decode(request.Configuration.Span);
        }
        catch (ArgumentException contradiction)
        {
            throw new MsgPackException(contradiction.Message, 0);
        }
        return read with { Refusal = refusal, Offer = new SnapshotOffer(read.Message, configuration, new LogIndex(request.ConfigurationIndex), request.Size) };
    }

    private static RaftWireRequest From(in RaftHeader header, in WireBytes sender, in RaftMessage message)
    {
        string address = Text(header.Address.Length > 0 ? header.Address : sender), id = Text(header.Id);
        return new RaftWireRequest(message with { From = id.Length > 0 ? id : address }, address, null, header.IsSupported ? "" : RaftHeader.UnsupportedVersionError);
    }

    private static string Text(in WireBytes bytes)
    {
        if (bytes.Length > byte.MaxValue) throw new MsgPackException($"an id or address of {bytes.Length} bytes", 0);
        return Encoding.UTF8.GetString(bytes.Span);
    }

    private static byte[] VoterAddresses(Configuration configuration)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        writer.WriteArrayHeader(configuration.VoterCount);
        foreach (var server in configuration.Servers)
            if (server.Suffrage == Suffrage.Voter) writer.Write(Encoding.UTF8.GetBytes(server.Address));
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }
}
