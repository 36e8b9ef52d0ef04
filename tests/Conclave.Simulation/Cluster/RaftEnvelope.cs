using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Conclave.Core;
using Conclave.Raft;
using Conclave.Rpc;
using Conclave.Rpc.Raft;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// Raft messages as bytes, in the form that the server port speaks. In front stands what a connection knows without being told: the kind of an answer, which request it
/// belongs to, and how far the snapshot reached that it is about; and, for the checkers, when it left.
/// </summary>
internal sealed class RaftEnvelope
{
    private const int PrefixBytes = 25, SentAtOffset = 17;

    private readonly ArrayBufferWriter<byte> _output = new(4096);

    /// <summary>The bytes of a message; borrowed until the next call.</summary>
    public ReadOnlyMemory<byte> Encode(in RaftMessage message, Instant now)
    {
        _output.ResetWrittenCount();
        var prefix = _output.GetSpan(PrefixBytes);
        prefix[0] = (byte)message.Kind;
        BinaryPrimitives.WriteUInt64LittleEndian(prefix[1..], message.RequestId);
        BinaryPrimitives.WriteUInt64LittleEndian(prefix[9..], message.Kind == RaftMessageKind.SnapshotReply ? message.LogIndex.Value : message.Heartbeat ? 1UL : 0);
        BinaryPrimitives.WriteInt64LittleEndian(prefix[SentAtOffset..], now.Nanoseconds);
        _output.Advance(PrefixBytes);
        Write(message, new RaftHeader { ProtocolVersion = RaftHeader.CurrentVersion, Id = Encoding.UTF8.GetBytes(message.From), Address = "a"u8.ToArray() });
        return _output.WrittenMemory;
    }

    /// <summary>When this message left, in true time.</summary>
    public static Instant SentAt(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadInt64LittleEndian(bytes[SentAtOffset..]));

    /// <summary>Reads a message for <paramref name="to"/>. The bytes are copied: what the log keeps must not change.</summary>
    /// <param name="bytes">What arrived.</param>
    /// <param name="to">The receiver.</param>
    /// <param name="term">The receiver's term: the order to campaign does not carry one.</param>
    public static RaftMessage Decode(ReadOnlySpan<byte> bytes, string to, Term term)
    {
        var kind = (RaftMessageKind)bytes[0];
        ulong request = BinaryPrimitives.ReadUInt64LittleEndian(bytes[1..]), extra = BinaryPrimitives.ReadUInt64LittleEndian(bytes[9..]);
        ReadOnlyMemory<byte> body = bytes[PrefixBytes..].ToArray();
        return Read(kind, body, extra, term) with { Kind = kind, To = to, RequestId = request };
    }

    private void Write(in RaftMessage message, RaftHeader header)
    {
        switch (message.Kind)
        {
            case RaftMessageKind.Append:
                RaftWireCodec.WriteRequest(_output, new AppendEntriesRequest
                {
                    Header = header, Term = message.Term.Value, Leader = header.Address, PrevLogEntry = message.LogIndex.Value, PrevLogTerm = message.LogTerm.Value,
                    LeaderCommitIndex = message.Commit.Value, Entries = message.Heartbeat ? null : ToWire(message.Entries.Span),
                });
                break;
            case RaftMessageKind.AppendReply:
                RaftWireCodec.WriteReply(_output, new RaftReply<AppendEntriesResult>("", new AppendEntriesResult
                {
                    Header = header, Term = message.Term.Value, LastLog = message.LogIndex.Value, Success = message.Success, NoRetryBackoff = message.NoRetryBackoff,
                }));
                break;
            case RaftMessageKind.Vote:
                RaftWireCodec.WriteRequest(_output, new RequestVoteRequest
                {
                    Header = header, Term = message.Term.Value, Candidate = header.Address, LastLogIndex = message.LogIndex.Value, LastLogTerm = message.LogTerm.Value,
                    LeadershipTransfer = message.LeadershipTransfer,
                });
                break;
            case RaftMessageKind.VoteReply:
                RaftWireCodec.WriteReply(_output, new RaftReply<RequestVoteResult>("", new RequestVoteResult { Header = header, Term = message.Term.Value, Granted = message.Success }));
                break;
            case RaftMessageKind.PreVote:
                RaftWireCodec.WriteRequest(_output, new RequestPreVoteRequest { Header = header, Term = message.Term.Value, LastLogIndex = message.LogIndex.Value, LastLogTerm = message.LogTerm.Value });
                break;
            case RaftMessageKind.PreVoteReply:
                RaftWireCodec.WriteReply(_output, new RaftReply<RequestPreVoteResult>("", new RequestPreVoteResult { Header = header, Term = message.Term.Value, Granted = message.Success }));
                break;
            case RaftMessageKind.TimeoutNow:
                RaftWireCodec.WriteRequest(_output, new TimeoutNowRequest { Header = header });
                break;
            case RaftMessageKind.SnapshotReply:
                RaftWireCodec.WriteReply(_output, new RaftReply<InstallSnapshotResult>("", new InstallSnapshotResult { Header = header, Term = message.Term.Value, Success = message.Success }));
                break;
            default:
                throw new InvariantBrokenException($"{message.Kind} does not travel by itself");
        }
    }

    private static RaftMessage Read(RaftMessageKind kind, ReadOnlyMemory<byte> body, ulong extra, Term term)
    {
        switch (kind)
        {
            case RaftMessageKind.Append:
            {
                var request = RaftWireCodec.ReadRequest<AppendEntriesRequest>(body);
                return new RaftMessage
                {
                    From = Text(request.Header.Id), Term = new Term(request.Term), LogIndex = new LogIndex(request.PrevLogEntry), LogTerm = new Term(request.PrevLogTerm),
                    Commit = new LogIndex(request.LeaderCommitIndex), Entries = FromWire(request.Entries), Heartbeat = request.Entries is null && request.IsHeartbeat,
                };
            }
            case RaftMessageKind.AppendReply:
            {
                var result = Require(RaftWireCodec.ReadReply<AppendEntriesResult>(body));
                return new RaftMessage
                {
                    From = Text(result.Header.Id), Term = new Term(result.Term), LogIndex = new LogIndex(result.LastLog), Success = result.Success, NoRetryBackoff = result.NoRetryBackoff, Heartbeat = extra == 1,
                };
            }
            case RaftMessageKind.Vote:
            {
                var request = RaftWireCodec.ReadRequest<RequestVoteRequest>(body);
                return new RaftMessage
                {
                    From = Text(request.Header.Id), Term = new Term(request.Term), LogIndex = new LogIndex(request.LastLogIndex), LogTerm = new Term(request.LastLogTerm), LeadershipTransfer = request.LeadershipTransfer,
                };
            }
            case RaftMessageKind.VoteReply:
            {
                var result = Require(RaftWireCodec.ReadReply<RequestVoteResult>(body));
                return new RaftMessage { From = Text(result.Header.Id), Term = new Term(result.Term), Success = result.Granted };
            }
            case RaftMessageKind.PreVote:
            {
                var request = RaftWireCodec.ReadRequest<RequestPreVoteRequest>(body);
                return new RaftMessage { From = Text(request.Header.Id), Term = new Term(request.Term), LogIndex = new LogIndex(request.LastLogIndex), LogTerm = new Term(request.LastLogTerm) };
            }
            case RaftMessageKind.PreVoteReply:
            {
                var result = Require(RaftWireCodec.ReadReply<RequestPreVoteResult>(body));
                return new RaftMessage { From = Text(result.Header.Id), Term = new Term(result.Term), Success = result.Granted };
            }
            case RaftMessageKind.TimeoutNow:
                return new RaftMessage { From = Text(RaftWireCodec.ReadRequest<TimeoutNowRequest>(body).Header.Id), Term = term };
            default:
            {
                var result = Require(RaftWireCodec.ReadReply<InstallSnapshotResult>(body));
                return new RaftMessage { From = Text(result.Header.Id), Term = new Term(result.Term), Success = result.Success, LogIndex = new LogIndex(extra) };
            }
        }
    }

    private static T Require<T>(in RaftReply<T> reply) where T : struct, IRaftMessage<T> =>
        reply.Result ?? throw new InvariantBrokenException("a reply without a result was sent");

    private static RaftEntry[] ToWire(ReadOnlySpan<LogEntry> entries)
    {
        var wire = new RaftEntry[entries.Length];
        for (int i = 0; i < wire.Length; i++)
        {
            ref readonly var entry = ref entries[i];
            wire[i] = new RaftEntry
            {
                Index = entry.Index.Value, Term = entry.Term.Value, Type = (RaftEntryType)entry.Type, Data = new WireBytes(entry.Data),
                Extensions = entry.Extensions.IsEmpty ? default : new WireBytes(entry.Extensions),
            };
        }
        return wire;
    }

    private static LogEntry[] FromWire(RaftEntry[]? wire)
    {
        if (wire is null) return [];
        var entries = new LogEntry[wire.Length];
        for (int i = 0; i < wire.Length; i++)
            entries[i] = new LogEntry(new LogIndex(wire[i].Index), new Term(wire[i].Term), (EntryType)wire[i].Type, wire[i].Data.Memory, wire[i].Extensions.Memory);
        return entries;
    }

    private static string Text(WireBytes bytes) => Encoding.UTF8.GetString(bytes.Span);
}
