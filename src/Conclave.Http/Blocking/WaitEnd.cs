namespace Conclave.Http.Blocking;

/// <summary>Why a waiting request goes on.</summary>
public enum WaitEnd : byte
{
    /// <summary>What it waited for happened.</summary>
    Changed,
    /// <summary>Its time is over.</summary>
    Deadline,
    /// <summary>The client went away: nobody to answer.</summary>
    ClientGone,
    /// <summary>The server stops: cut the connection.</summary>
    Stopping,
}
