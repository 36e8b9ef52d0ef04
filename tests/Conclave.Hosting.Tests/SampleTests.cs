using System.Diagnostics;

namespace Conclave.Tests;

/// <summary>The sample host does what it says, run as its reader would run it.</summary>
public sealed class SampleTests
{
    [Fact]
    public async Task The_embedded_host_shows_keys_a_lock_and_a_service_then_ends() =>
        Assert.Equal(["app/color = blue", "changed: True", "watched app/color = green", "leads: True", "web at 127.0.0.1:8080"], await RunAsync("EmbeddedHost"));

    [Fact]
    public async Task The_member_list_shows_a_join_a_query_and_a_leave_then_ends() =>
        Assert.Equal(["joined 1", "db Alive db", "web Alive web", "db says 42 days", "db is Left"], await RunAsync("MemberList"));

    private static async Task<string[]> RunAsync(string name)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, name + ".dll")]) { RedirectStandardOutput = true };
        using var sample = Process.Start(start)!;
        try
        {
            string output = await sample.StandardOutput.ReadToEndAsync(stop.Token);
            await sample.WaitForExitAsync(stop.Token);
            Assert.Equal(0, sample.ExitCode);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            if (!sample.HasExited) sample.Kill();
        }
    }
}
