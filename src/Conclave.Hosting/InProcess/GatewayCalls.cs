using Conclave.Core.Model;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Hosting;

/// <summary>What all in-process interfaces do with a gateway.</summary>
internal static class GatewayCalls
{
    /// <summary>Applies a command; errors become exceptions.</summary>
    public static async ValueTask<ApplyResult> RunAsync(this INodeGateway gateway, byte[] command, CancellationToken stop)
    {
        var result = await gateway.ApplyAsync(command, stop).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error) Throw(result.Text);
        return result;
    }

    /// <summary>The state to read; waits until it is fresh enough.</summary>
    public static async ValueTask<StateRoot> RootAsync(this INodeGateway gateway, ReadMode mode, CancellationToken stop)
    {
        var grant = await gateway.ReadAsync(mode, stop).ConfigureAwait(false);
        return grant.Root ?? throw new NodeUnavailableException(grant.Error ?? ErrorTexts.NoLeader);
    }

    private static void Throw(string text)
    {
        bool mayPass = text is ErrorTexts.NoLeader or ErrorTexts.ShuttingDown or ErrorTexts.LeadershipLost || text.EndsWith(ErrorTexts.Overloaded, StringComparison.Ordinal);
        throw mayPass ? new NodeUnavailableException(text) : new ConclaveRequestException(text);
    }
}
