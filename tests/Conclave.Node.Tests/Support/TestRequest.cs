using Conclave.Core.Model;
using Conclave.Node;

namespace Conclave.Tests;

/// <summary>A request that remembers whether it was answered.</summary>
internal sealed class TestRequest : NodeRequest
{
    public int Completions { get; private set; }

    public bool IsDone => Completions > 0;

    public override void Complete() => Completions++;

    public static TestRequest Apply(byte[] command) => new() { Kind = NodeRequestKind.Apply, Command = command };

    public static TestRequest Renew(string id) => new() { Kind = NodeRequestKind.RenewSession, SessionId = id };

    public static TestRequest Read() => new() { Kind = NodeRequestKind.ReadBarrier };

    public string ErrorText => Result.Kind == ApplyResultKind.Error ? Result.Text : "";
}
