using Conclave.Load;
using Conclave.Load.Server;

if (args is ["bare-endpoint", var port]) return await BareEndpoint.RunAsync(int.Parse(port));
if (!LoadOptions.TryParse(args, out var options, out var problem))
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine(LoadOptions.Usage);
    return 2;
}
return await ScenarioList.RunAsync(options);
