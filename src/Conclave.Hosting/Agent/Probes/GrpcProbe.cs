using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Asks the standard gRPC health service. Its two messages are small enough to be written by hand.</summary>
internal static class GrpcProbe
{
    private const int PrefixBytes = 5;                         // compressed flag and length of a gRPC message
    private const int AnswerBytesMax = 1024;
    private const int ServingStatus = 1;
    private const byte StringField1 = 0x0a;
    private const byte VarintField1 = 0x08;

    private static readonly string[] Codes =
    [
        "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied", "ResourceExhausted",
        "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated",
    ];

    public static async Task<ProbeResult> RunAsync(CheckDefinition check, HttpClients clients, CancellationToken stop)
    {
        int slash = check.Grpc.IndexOf('/');
        string address = slash < 0 ? check.Grpc : check.Grpc[..slash], service = slash < 0 ? "" : check.Grpc[(slash + 1)..];
        if (!ProbeTarget.TryParse(address, out var target)) return Failed($"rpc error: code = Unavailable desc = address {address}: missing port in address");
        try
        {
            using var request = Request(check, target, service);
            using var response = await clients.For(check).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK) return Failed($"rpc error: code = Unknown desc = unexpected HTTP status code received from server: {(int)response.StatusCode}");
            byte[] body = await ReadAsync(response, stop).ConfigureAwait(false);
            if (Error(response) is { } error) return Failed(error);
            return IsServing(body) ? new(HealthStatus.Passing, $"gRPC check {check.Grpc}: success") : Failed("gRPC application didn't report service healthy");
        }
        catch (OperationCanceledException)
        {
            return Failed("rpc error: code = DeadlineExceeded desc = context deadline exceeded");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            string reason = ProbeErrors.Find<System.Net.Sockets.SocketException>(failure) is null ? failure.Message : ProbeErrors.Dial("tcp", target.ToString(), target.Host, failure);
            return Failed($"rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing {reason}\"");
        }
    }

    private static HttpRequestMessage Request(CheckDefinition check, ProbeTarget target, string service)
    {
        var url = new Uri($"{(check.GrpcUseTls ? "https" : "http")}://{target}/grpc.health.v1.Health/Check");
        var content = new ByteArrayContent(Message(service));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.TryAddWithoutValidation("User-Agent", "Consul Health Check");
        return request;
    }

    /// <summary>HealthCheckRequest { string service = 1; } with its prefix.</summary>
    internal static byte[] Message(string service)
    {
        byte[] name = Encoding.UTF8.GetBytes(service);
        var body = new List<byte>();
        if (name.Length > 0)
        {
            body.Add(StringField1);
            for (uint rest = (uint)name.Length; ; rest >>= 7)
            {
                body.Add((byte)(rest >= 0x80 ? rest | 0x80 : rest));
                if (rest < 0x80) break;
            }
            body.AddRange(name);
        }
        byte[] message = new byte[PrefixBytes + body.Count];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), body.Count);
        body.CopyTo(message, PrefixBytes);
        return message;
    }

    /// <summary>Reads HealthCheckResponse { ServingStatus status = 1; }; anything unexpected is not serving.</summary>
    internal static bool IsServing(ReadOnlySpan<byte> body) =>
        body.Length >= PrefixBytes + 2 && body[0] == 0 && body[PrefixBytes] == VarintField1 && body[PrefixBytes + 1] == ServingStatus;

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken stop)
    {
        byte[] buffer = new byte[AnswerBytesMax];
        var stream = await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        int length = 0;
        while (length < buffer.Length && await stream.ReadAsync(buffer.AsMemory(length), stop).ConfigureAwait(false) is var read and > 0) length += read;
        return buffer[..length];
    }

    // A call that fails at once puts its status into the headers instead of the trailers.
    private static string? Error(HttpResponseMessage response)
    {
        string code = First(response.TrailingHeaders, "grpc-status") ?? First(response.Headers, "grpc-status") ?? "2";
        if (code == "0") return null;
        string name = int.TryParse(code, out int number) && number > 0 && number < Codes.Length ? Codes[number] : $"Code({code})";
        string detail = Uri.UnescapeDataString(First(response.TrailingHeaders, "grpc-message") ?? First(response.Headers, "grpc-message") ?? "");
        return $"rpc error: code = {name} desc = {detail}";
    }

    private static string? First(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static ProbeResult Failed(string text) => new(HealthStatus.Critical, text);
}
