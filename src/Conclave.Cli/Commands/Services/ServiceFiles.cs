using Conclave.Agent.Configuration;
using Conclave.Hosting.Configuration;

namespace Conclave.Cli.Commands.Services;

/// <summary>Reads the services of configuration files for the verbs that send them to an agent.</summary>
internal static class ServiceFiles
{
    /// <exception cref="ConfigException">A file cannot be read or is malformed.</exception>
    public static IReadOnlyList<ServiceDefinition> Read(CommandIo io, IReadOnlyList<string> paths)
    {
        var loader = new ConfigLoader();
        foreach (var path in paths)
            try
            {
                foreach (var source in ConfigFiles.Read(io.PathOf(path), "", line => io.Error.Write(line + "\n"))) loader.Add(source);
            }
            catch (ConfigException error) when (io.Folder.Length > 0)
            {
                throw new ConfigException(error.Message.Replace(io.Folder + "/", "", StringComparison.Ordinal));
            }
        return loader.Build().Services;
    }
}
