using System.Security.Cryptography;

namespace Conclave.Cli.Commands;

/// <summary><c>keygen</c>: a new gossip key.</summary>
internal sealed class KeygenCommand : Command
{
    private const int KeyBytes = 32;

    public override string Usage => "keygen";

    public override string Summary => "Makes a key for the encryption of gossip.";

    public override Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        io.Out.Write(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n");
        return Task.FromResult(0);
    }
}
