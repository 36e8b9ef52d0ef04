using Conclave.Http.Json;
using Conclave.Http.Remote;
using Conclave.Node.Streaming;
using Conclave.Rpc.Messages;
using Conclave.State;

namespace Conclave.Http.Blocking;

/// <summary>
/// A question about the state that can be asked again and again: run, then write what was found. Used by one thread at a time.
/// The identity of a question is the request's path and parameters, so equal questions of many clients are asked once.
/// </summary>
public abstract class ReadQuery
{
    /// <summary>Asks the state; keeps what it found for <see cref="Write"/>. Gives the index that a client waits on, which may be 0.</summary>
    public abstract ulong Run(StateRoot root, WatchSet? watches);

    /// <summary>The same question as a call to the servers, for agents without a state; null when it was composed for one with a state.</summary>
    public virtual RemoteQuestion? Remote => null;

    /// <summary>Takes the result of <see cref="Remote"/> in the place of a run. Gives what stands beside the answer.</summary>
    /// <exception cref="Core.Codec.MsgPackException">Malformed.</exception>
    public abstract QueryMeta Read(ReadOnlyMemory<byte> result);

    /// <summary>What a subscription would have to be about to answer the question; null when none can.</summary>
    public virtual StreamQuestion? Streamed => null;

    /// <summary>Takes the rows of a subscription in the place of a run. Only when <see cref="Streamed"/> names one.</summary>
    public virtual void Take(ServiceRows rows) => throw new InvalidOperationException("a question that no subscription answers");

    /// <summary>The answer is 404 without a body.</summary>
    public virtual bool IsMissing => false;

    /// <summary>Content type of the answer.</summary>
    public virtual string ContentType => "application/json";

    /// <summary>Writes what the last <see cref="Run"/> found.</summary>
    public abstract void Write(JsonOut json);

    /// <summary>What was found as the body of an answer that many requests may share; empty when the answer is 404. Whoever takes it releases it.</summary>
    internal JsonOut Render(bool pretty)
    {
        var json = new JsonOut();
        json.Reset(pretty);
        if (IsMissing) return json;
        Write(json);
        if (ContentType == "application/json") json.Finish();
        return json;
    }

    /// <summary>The same question as an object of its own.</summary>
    public ReadQuery Fresh()
    {
        var copy = (ReadQuery)MemberwiseClone();
        copy.OnCopied();
        return copy;
    }

    /// <summary>Replaces lists that hold results, which a copy must not share.</summary>
    protected abstract void OnCopied();

    /// <summary>Drops what was found, so that a question that only waits holds nothing.</summary>
    public abstract void Forget();
}
