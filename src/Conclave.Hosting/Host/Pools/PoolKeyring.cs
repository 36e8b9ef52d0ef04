using Conclave.Agent.Configuration;
using Conclave.Agent.Pools;
using Conclave.Gossip;
using Conclave.Hosting.Gossip;

namespace Conclave.Hosting.Pools;

/// <summary>Has one pool carry out an operation on its keys.</summary>
internal static class PoolKeyring
{
    /// <summary>What the pool's members say. Never fails: what goes wrong stands in the answer.</summary>
    public static async Task<PoolKeys> AskAsync(GossipRuntime pool, KeyringRequest request, bool isWan, string datacenter)
    {
        var answer = new PoolKeys { IsWan = isWan, Datacenter = datacenter };
        byte[] key = [];
        if (request.Key.Length > 0 && !GoBase64.TryDecode(request.Key, out key, out int offset)) return answer with { Error = $"illegal base64 data at input byte {offset}" };
        try
        {
            var done = await pool.OperateAsync((core, number) => core.ManageKeys(number, OperationOf(request.Verb), key, (byte)request.RelayFactor)).ConfigureAwait(false);
            answer = answer with { Error = done.Error ?? "" };
            return done.Keys is not { } report ? answer : answer with
            {
                Messages = report.Messages,
                Keys = report.Keys,
                PrimaryKeys = report.PrimaryKeys,
                NodeCount = report.Nodes,
            };
        }
        catch (MembershipException ended)
        {
            return answer with { Error = ended.Message };
        }
    }

    private static KeyOperation OperationOf(KeyringVerb verb) => verb switch
    {
        KeyringVerb.Install => KeyOperation.Install,
        KeyringVerb.Use => KeyOperation.Use,
        KeyringVerb.Remove => KeyOperation.Remove,
        _ => KeyOperation.List,
    };
}
