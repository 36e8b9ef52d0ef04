using Conclave.Rpc.Calls;

namespace Conclave.Hosting.Calls;

/// <summary>How a call to another server ended.</summary>
internal enum RpcEnd : byte
{
    /// <summary>With a result.</summary>
    Result,

    /// <summary>The other server refused it with a text.</summary>
    Error,

    /// <summary>Not a byte of it left: it was certainly not carried out.</summary>
    NotSent,

    /// <summary>It may or may not have been carried out.</summary>
    Lost,
}

/// <summary>The end of a call to another server. The holder disposes of it: the result lies in pooled memory.</summary>
internal readonly struct RpcOutcome : IDisposable
{
    private readonly CollectedCall _reply;
    private readonly int _resultAt;

    private RpcOutcome(RpcEnd end, string text, CollectedCall reply, int resultAt, ulong applied = 0) => (End, Text, _reply, _resultAt, Applied) = (end, text, reply, resultAt, applied);

    /// <summary>How it ended.</summary>
    public RpcEnd End { get; }

    /// <summary>The other server's text, or what went wrong on the way.</summary>
    public string Text { get; }

    /// <summary>The encoded result; lent until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Result => _reply.Bytes[_resultAt..];

    /// <summary>How far the other server had applied the log; 0 when it did not say.</summary>
    public ulong Applied { get; }

    public static RpcOutcome Of(CollectedCall reply, int resultAt, ulong applied) => new(RpcEnd.Result, "", reply, resultAt, applied);

    public static RpcOutcome Refused(string text) => new(RpcEnd.Error, text, default, 0);

    public static RpcOutcome NotSent(string reason) => new(RpcEnd.NotSent, reason, default, 0);

    public static RpcOutcome Lost(string reason) => new(RpcEnd.Lost, reason, default, 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (End == RpcEnd.Result) _reply.Dispose();
    }
}
