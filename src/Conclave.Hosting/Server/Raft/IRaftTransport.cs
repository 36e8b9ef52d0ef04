using Conclave.Node;
using Conclave.Raft;

namespace Conclave.Hosting;

/// <summary>Carries what a node's outbox has for other servers. Called by the node's loop; nothing here waits.</summary>
internal interface IRaftTransport
{
    /// <summary>The configuration, and with it the addresses, may have changed.</summary>
    void OnStatus(ClusterStatus status);

    /// <summary>Sends a request, or the answer to one. What cannot be delivered is reported to the node.</summary>
    void Send(in RaftMessage message);

    /// <summary>A chunk of a snapshot is ready, or its sending is given up.</summary>
    void Upload(SnapshotUpload upload);

    /// <summary>The next chunk of a snapshot is wanted, or it is over.</summary>
    void Download(SnapshotDownload download);
}
