using System.Net;

namespace Conclave.Hosting;

/// <summary>An accepted connection to the server port, behind its first byte.</summary>
/// <param name="Stream">What follows; owned by the listener. Reads and writes may run at the same time.</param>
/// <param name="Remote">Who dialled.</param>
internal sealed record ServerConnection(Stream Stream, IPEndPoint Remote);
