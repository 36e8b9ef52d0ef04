using System.Text;

namespace Conclave.Load.Net;

/// <summary>Bytes of requests, made before the clock starts.</summary>
internal static class Request
{
    public static byte[] Of(string method, string target, string body = "") =>
        Encoding.UTF8.GetBytes($"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{(method == "GET" ? "" : $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n")}\r\n{body}");

    public static byte[] Get(string target) => Of("GET", target);
}
