using System.Text;
using Conclave.Core;

namespace Conclave.Hosting.Calls;

/// <summary>One call as its method sees it.</summary>
/// <param name="Argument">The encoded argument, lent until the method has ended.</param>
/// <param name="IsForwarded">Another server sent it on because it believes that this one leads: it must not be sent on again.</param>
/// <param name="Departure">Cancelled when nobody waits for the result any more. For waits only: what may have an effect must not be stopped half way.</param>
internal readonly record struct RpcCall(ReadOnlyMemory<byte> Argument, bool IsForwarded, CancellationToken Departure);

/// <summary>Carries a call out and writes its result. Null when it went well, else the error's text; what was written does not count then.</summary>
internal delegate ValueTask<string?> RpcMethod(RpcCall call, PooledBuffer result);

/// <summary>The methods that calls name. Filled before the first connection, not changed afterwards.</summary>
internal sealed class RpcMethods
{
    /// <summary>Longest name that is looked up.</summary>
    private const int NameBytesMax = 128;

    private readonly Dictionary<string, RpcMethod> _methods = new(StringComparer.Ordinal);
    private readonly HashSet<string> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _refusals = new(StringComparer.Ordinal);   // By method.

    /// <summary>The methods that are answered by name, those that are always refused among them.</summary>
    public IReadOnlyCollection<string> Names => _methods.Keys;

    /// <summary>Adds a method under <c>Service.Method</c>.</summary>
    public void Add(string name, RpcMethod method)
    {
        _methods.Add(name, method);
        _services.Add(name[..name.IndexOf('.')]);
    }

    /// <summary>Answers methods of a service with one text, always.</summary>
    /// <param name="text">The text.</param>
    /// <param name="service">The service.</param>
    /// <param name="methods">Names of its methods; others of the service are not known.</param>
    public void Refuse(string text, string service, params ReadOnlySpan<string> methods)
    {
        foreach (string method in methods) RefuseMethod(service + '.' + method, text);
    }

    private void RefuseMethod(string name, string text)
    {
        Add(name, (_, _) => new(text));
        _refusals[name] = text;
    }

    /// <summary>The text with which a method is always refused; null when it is served, or not known.</summary>
    public string? RefusalOf(string name) => _refusals.GetValueOrDefault(name);

    /// <summary>Finds a method; false with the text that net/rpc peers send when there is none.</summary>
    public bool TryFind(ReadOnlySpan<byte> name, out RpcMethod method, out string error)
    {
        method = null!;
        error = "";
        if (name.Length > NameBytesMax)
        {
            error = "rpc: service/method request ill-formed: a name too long";
            return false;
        }
        Span<char> scratch = stackalloc char[NameBytesMax];
        var text = scratch[..Encoding.UTF8.GetChars(name, scratch)];
        if (_methods.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out method!)) return true;

        int dot = text.LastIndexOf('.');
        bool isKnown = _services.GetAlternateLookup<ReadOnlySpan<char>>().Contains(dot < 0 ? text : text[..dot]);
        error = dot < 0 ? $"rpc: service/method request ill-formed: {text}" : isKnown ? $"rpc: can't find method {text}" : $"rpc: can't find service {text}";
        return false;
    }
}
