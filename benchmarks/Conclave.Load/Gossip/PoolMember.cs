using System.Diagnostics;
using Conclave.Load.Server;

namespace Conclave.Load.Gossip;

/// <summary>A member of a pool under measurement; may be killed and started again.</summary>
internal sealed class PoolMember(PoolKind kind, string name, MemberPorts ports, int peer, Action<PoolMember, Seen, string, long> seen) : IDisposable
{
    private Process? _process;

    public string Name => name;

    public MemberPorts Ports => ports;

    public ProcessUsage Usage => ProcessUsage.Of(_process!.Id);

    public void Start()
    {
        var process = new Process { StartInfo = kind.Start(name, ports, peer) };
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>As a power cut would. Returns when.</summary>
    public long Kill()
    {
        long at = Stopwatch.GetTimestamp();
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
        return at;
    }

    public Task FireAsync(string what) => kind.FireAsync(_process!, ports, what);

    public Task LeaveAsync() => kind.LeaveAsync(_process!, ports);

    public void Dispose()
    {
        if (_process is not null) Kill();
    }

    private void Read(string? line)
    {
        if (line is not null && kind.Read(line) is var (what, about)) seen(this, what, about, Stopwatch.GetTimestamp());
    }
}
