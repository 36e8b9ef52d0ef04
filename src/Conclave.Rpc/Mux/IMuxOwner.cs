namespace Conclave.Rpc.Mux;

/// <summary>Why a stream is gone.</summary>
public enum MuxStreamEnd : byte
{
    /// <summary>Both sides have ended it.</summary>
    Finished,

    /// <summary>The other side reset it.</summary>
    Reset,

    /// <summary>This side had ended it and the other side did not in time.</summary>
    TimedOut,

    /// <summary>The connection is over.</summary>
    ConnectionOver,
}

/// <summary>
/// Whoever runs a <see cref="StreamMux"/>: told what happens on its streams, during its inputs and in the order of the wire. May call the mux back for the stream
/// in question. Ends that it makes itself (<see cref="StreamMux.Reset"/>) are not reported.
/// </summary>
public interface IMuxOwner
{
    /// <summary>The other side opened a stream.</summary>
    void OnOpened(MuxStream stream);

    /// <summary>Bytes arrived, lent for the call. Those that were dealt with must be given back as credit through <see cref="StreamMux.Grant"/>, now or later: at most a window of them is outstanding.</summary>
    void OnData(MuxStream stream, ReadOnlySpan<byte> bytes);

    /// <summary>The other side sends no more; this side still may.</summary>
    void OnFinished(MuxStream stream);

    /// <summary>The stream is gone; nothing more is heard of it.</summary>
    void OnEnded(MuxStream stream, MuxStreamEnd end);
}
