using Conclave.Core;

namespace Conclave.Hosting.Calls;

/// <summary>An encoded result that several calls get. Left to the collector: those who have it end at different times.</summary>
internal sealed class SharedResult(byte[] bytes)
{
    /// <summary>Appends it.</summary>
    public void CopyTo(PooledBuffer to)
    {
        bytes.CopyTo(to.GetSpan(bytes.Length));
        to.Advance(bytes.Length);
    }
}
