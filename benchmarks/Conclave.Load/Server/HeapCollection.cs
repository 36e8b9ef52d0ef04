using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;

namespace Conclave.Load.Server;

/// <summary>Makes another .NET process collect its garbage, so that its resident memory says what it holds and not what it has not yet thrown away.</summary>
internal static class HeapCollection
{
    // The runtime answers the start of a session with this keyword by a full collection.
    private const long GcHeapCollect = 0x800000;

    public static void Force(int process)
    {
        var provider = new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, GcHeapCollect);
        using var session = new DiagnosticsClient(process).StartEventPipeSession([provider], requestRundown: false, circularBufferMB: 1);
        var drained = session.EventStream.CopyToAsync(Stream.Null);
        session.Stop();
        drained.Wait(TimeSpan.FromSeconds(10));
    }
}
