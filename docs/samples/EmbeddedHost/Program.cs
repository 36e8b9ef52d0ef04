using System.Net;
using EmbeddedHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A host that carries a node in its own process. Without arguments the node keeps everything in memory and opens no port;
// with a folder it keeps its data there, with a port it serves the HTTP API on this machine too:
//   dotnet run --project docs/samples/EmbeddedHost -- data 8500
var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);

var conclave = builder.Services.AddConclave(options =>
{
    options.NodeName = "sample";
    options.DataDirectory = args.Length > 0 ? args[0] : null;
});
if (args.Length > 1) conclave.AddHttpApi(IPAddress.Loopback, int.Parse(args[1]));

builder.Services.AddHostedService<Worker>();                           // behind the node: it starts when the node is ready
await builder.Build().RunAsync();
