using System.Buffers;
using Conclave.Http.Endpoints.Txn;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Requests;

namespace Conclave.Fuzz.Targets;

/// <summary>Bodies of HTTP requests: read as every kind of body, refused or understood.</summary>
internal static class JsonBodyTarget
{
    public static void Run(ReadOnlySpan<byte> data)
    {
        var body = new ReadOnlySequence<byte>(data.ToArray());
        Read(body, json => RegistrationReader.ReadRegister(json));
        Read(body, json => RegistrationReader.ReadDeregister(json));
        Read(body, json => TxnReader.Read(json));
    }

    private delegate object Reader(JsonBody json);

    private static void Read(ReadOnlySequence<byte> body, Reader read)
    {
        try
        {
            read(new JsonBody(body));
        }
        catch (RequestDecodeException e)
        {
            Promise.Holds(e.Message.Length is > 0 and < 4096, "a refusal has a text of bounded length");
        }
    }
}
