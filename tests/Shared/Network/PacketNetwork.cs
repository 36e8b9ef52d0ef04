using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Text;

namespace Conclave.Tests.Network;

/// <summary>
/// Hosts that are plugged into one of two switches: a network whose packets can really be cut. Each host is a network namespace with one line into the switches and one to the caller, who can
/// talk to it whatever is cut. Needs Linux, root and <c>ip</c>.
/// </summary>
internal sealed class PacketNetwork : IDisposable
{
    // Of the range that is set aside for measuring networks (198.18.0.0/15), so that no real network is hidden.
    private const string HostPrefix = "198.18", ControlPrefix = "198.19";
    private const int HostsMax = 60, NetworksMax = 250;

    private static readonly Lazy<string?> s_obstacle = new(FindObstacle);
    private static readonly Lock s_lock = new();
    private static int s_made;

    private readonly string _name;
    private readonly int _number;
    private readonly List<NetworkHost> _hosts = [];

    private PacketNetwork(string name, int number) => (_name, _number) = (name, number);

    /// <summary>Why there can be no such network here, or null.</summary>
    public static string? Obstacle => s_obstacle.Value;

    public IReadOnlyList<NetworkHost> Hosts => _hosts;

    private string Switches => $"{_name}-switches";

    /// <summary>A network of so many hosts, nothing cut.</summary>
    /// <exception cref="InvalidOperationException"><c>ip</c> refused; its words are the message.</exception>
    public static PacketNetwork Create(int hosts)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hosts, HostsMax);
        lock (s_lock)
        {
            var network = new PacketNetwork($"conclave-{Environment.ProcessId}-{++s_made}", FreeNumber());
            try
            {
                network.AddSwitches();
                for (int i = 0; i < hosts; i++) network.AddHost(i);
                return network;
            }
            catch
            {
                network.Dispose();
                throw;
            }
        }
    }

    /// <summary>Lets these hosts talk to each other only; all others talk among themselves. Packets of both sides that are under way to the other are lost in silence.</summary>
    public void CutOff(params ReadOnlySpan<int> hosts)
    {
        foreach (int host in hosts) Run(Switches, $"link set port{host} master second");
    }

    /// <summary>Lets all of them talk to all again.</summary>
    public void Heal()
    {
        for (int i = 0; i < _hosts.Count; i++) Run(Switches, $"link set port{i} master first");
    }

    /// <summary>The program and arguments that run a program on a host; the process is the program's own.</summary>
    public static (string Program, IReadOnlyList<string> First) At(NetworkHost host, string program) => ("ip", ["netns", "exec", host.Namespace, program]);

    public void Dispose()
    {
        // A namespace takes its ends of the lines with it, and those the other ends.
        foreach (var host in _hosts) TryRun(null, $"netns del {host.Namespace}");
        TryRun(null, $"netns del {Switches}");
    }

    private void AddSwitches()
    {
        Run(null, $"netns add {Switches}");
        Run(Switches, "link add first type bridge\nlink add second type bridge\nlink set first up\nlink set second up");
    }

    private void AddHost(int i)
    {
        var host = new NetworkHost($"{_name}-{i}", $"{HostPrefix}.{_number}.{i + 1}", $"{ControlPrefix}.{_number}.{i * 4 + 2}");
        _hosts.Add(host);
        Run(null, $"netns add {host.Namespace}");
        Run(null, $"link add {ControlLine(_number, i)} type veth peer name control netns {host.Namespace}\n"
            + $"addr add {ControlPrefix}.{_number}.{i * 4 + 1}/30 dev {ControlLine(_number, i)}\nlink set {ControlLine(_number, i)} up");
        Run(Switches, $"link add port{i} type veth peer name line netns {host.Namespace}\nlink set port{i} master first\nlink set port{i} up");
        Run(host.Namespace, $"link set lo up\naddr add {host.ControlAddress}/30 dev control\nlink set control up\naddr add {host.Address}/24 dev line\nlink set line up");
    }

    private static string ControlLine(int network, int host) => $"cvl{network}n{host}";

    private static int FreeNumber()
    {
        var taken = NetworkInterface.GetAllNetworkInterfaces().Select(static one => one.Name).ToHashSet(StringComparer.Ordinal);
        int start = Random.Shared.Next(NetworksMax);
        for (int i = 0; i < NetworksMax; i++)
            if (!taken.Contains(ControlLine((start + i) % NetworksMax, 0))) return (start + i) % NetworksMax;
        throw new InvalidOperationException("too many networks");
    }

    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return "network namespaces need Linux and root";
        try
        {
            using var network = Create(1);
            var (program, first) = At(network.Hosts[0], "true");
            return Call(program, first, "");
        }
        catch (Exception refused) when (refused is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return refused.Message;
        }
    }

    private static void Run(string? inNamespace, string commands)
    {
        if (TryRun(inNamespace, commands) is { } refused) throw new InvalidOperationException(refused);
    }

    private static string? TryRun(string? inNamespace, string commands) => Call("ip", inNamespace is null ? ["-batch", "-"] : ["-n", inNamespace, "-batch", "-"], commands + "\n");

    // What a program that failed had to say, or null.
    private static string? Call(string program, IEnumerable<string> arguments, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = new StringBuilder();
        process.ErrorDataReceived += (_, line) => said.AppendLine(line.Data);
        process.BeginErrorReadLine();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"{program} {string.Join(' ', arguments)}: {said.ToString().Trim()}";
    }
}
