namespace Conclave.Cli.Tests;

public sealed class KeyringCommandTests : IDisposable
{
    private const string Key = "HS5lJ+XuTlYKWaeGYyG+/A==", Other = "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=";

    private readonly TemporaryFolder _folder = new();
    private readonly CannedAgent _agent = new(static asked => asked.StartsWith("GET", StringComparison.Ordinal)
        ? (200, $$"""
            [{"WAN":true,"Datacenter":"dc1","Segment":"","Keys":{"{{Key}}":1},"PrimaryKeys":{"{{Key}}":1},"NumNodes":1},
             {"WAN":false,"Datacenter":"dc1","Segment":"x","Messages":{"n2":"late"},"Keys":{"{{Key}}":3,"{{Other}}":2},"PrimaryKeys":{"{{Key}}":3},"NumNodes":3}]
            """)
        : asked.Contains("bad", StringComparison.Ordinal) ? (500, "no") : (200, ""));

    public void Dispose()
    {
        _agent.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_list_is_shown_by_pool()
    {
        Assert.Equal(
            new CommandResult(0, $"==> Gathering installed encryption keys...\n\nWAN:\n  {Key} [1/1]\n\ndc1 (LAN) [x]:\n  ===> n2: late\n  {Key} [3/3]\n  {Other} [2/3]\n", ""),
            await RunAsync("-list", "-relay-factor=2"));
        Assert.Equal(
            new CommandResult(0, $"==> Gathering installed primary encryption keys...\n\nWAN:\n  {Key} [1/1]\n\ndc1 (LAN) [x]:\n  ===> n2: late\n  {Key} [3/3]\n", ""),
            await RunAsync("-list-primary", "-local-only"));
        Assert.Equal(["GET /v1/operator/keyring?relay-factor=2", "GET /v1/operator/keyring?local-only=true"], _agent.Asked);
    }

    [Theory]
    [InlineData("-install", "Installing new gossip encryption key...", "POST")]
    [InlineData("-use", "Changing primary gossip encryption key...", "PUT")]
    [InlineData("-remove", "Removing gossip encryption key...", "DELETE")]
    public async Task Changes_send_the_key(string flag, string text, string method)
    {
        Assert.Equal(new CommandResult(0, $"==> {text}\n", ""), await RunAsync($"{flag}={Key}"));
        Assert.Equal([$$"""{{method}} /v1/operator/keyring {"Key":"{{Key.Replace("+", "\\u002B", StringComparison.Ordinal)}}"}"""], _agent.Asked);
        Assert.Equal(new CommandResult(1, $"==> {text}\n", "error: Unexpected response code: 500 (no)\n"), await RunAsync($"{flag}=bad"));
    }

    [Theory]
    [InlineData("Only a single action is allowed\n", "-list", "-use=x")]
    [InlineData("Error parsing relay factor: Relay factor must be in range: [0, 5]\n", "-list", "-relay-factor=6")]
    [InlineData("Error validating local-only: local-only can only be set for list requests\n", "-local-only", "-use=x")]
    public async Task Wrong_uses_are_told_before_anything_is_asked(string error, params string[] arguments)
    {
        Assert.Equal(new CommandResult(1, "", error), await RunAsync(arguments));
        Assert.Empty(_agent.Asked);
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandRunner.RunAsync(_folder.Path, _agent.Address, null, ["keyring", .. arguments]);
}
