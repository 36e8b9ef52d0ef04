using Conclave.Load;
using Conclave.Load.Gossip;
using Conclave.Load.Server;

if (args is ["bare-endpoint", var port]) return await BareEndpoint.RunAsync(int.Parse(port));
if (args is ["gossip-node", .. var member]) return await GossipNode.RunAsync(member);
if (!LoadOptions.TryParse(args, out var options, out var problem))
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine(LoadOptions.Usage);
    return 2;
}
return await ScenarioList.RunAsync(options);
