namespace Conclave.Load.Net;

/// <summary>What came back. The body is borrowed: it is good until the next request on the same connection.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Index">Value of <c>X-Consul-Index</c>, 0 without.</param>
/// <param name="Body">The body's bytes.</param>
internal readonly record struct Answer(int Status, ulong Index, ReadOnlyMemory<byte> Body)
{
    public void MustBe(int status)
    {
        if (Status != status) throw new IOException($"status {Status} instead of {status}: {System.Text.Encoding.UTF8.GetString(Body.Span[..Math.Min(Body.Length, 200)])}");
    }
}
