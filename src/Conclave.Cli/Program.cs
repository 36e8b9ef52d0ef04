namespace Conclave.Cli;

internal static class Program
{
    private static int Main(string[] args) => 127;
}
