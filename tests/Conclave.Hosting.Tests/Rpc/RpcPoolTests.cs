using System.Text;
using Conclave.Hosting.Calls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>Calls over real sockets to methods of the tests.</summary>
public sealed class RpcPoolTests : IAsyncDisposable
{
    private static readonly byte[] s_echo = "Test.Echo"u8.ToArray(), s_wait = "Test.Wait"u8.ToArray();

    private readonly TaskCompletionSource _isWaiting = new(TaskCreationOptions.RunContinuationsAsynchronously), _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly RpcPool _pool = new(new RpcLimits(), TimeProvider.System, NullLogger.Instance);
    private readonly BarePort _port;

    public RpcPoolTests()
    {
        var methods = new RpcMethods();
        methods.Add("Test.Echo", static (call, result) =>
        {
            call.Argument.Span.CopyTo(result.GetSpan(call.Argument.Length));
            result.Advance(call.Argument.Length);
            return new((string?)null);
        });
        methods.Add("Test.Wait", async (call, result) =>
        {
            _isWaiting.TrySetResult();
            await _goOn.Task;
            call.Argument.Span.CopyTo(result.GetSpan(call.Argument.Length));
            result.Advance(call.Argument.Length);
            return null;
        });
        _port = new BarePort(methods);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        await _port.DisposeAsync();
    }

    [Fact]
    public async Task Every_caller_gets_the_reply_to_its_own_call_though_streams_are_used_again_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++) await AssertEchoAsync($"{worker}/{i}", CancellationToken.None);
        }, Stop)));
    }

    [Fact]
    public async Task A_caller_that_gives_up_ends_its_own_call_only()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
        {
            for (int i = 0; i < 300; i++)
            {
                if (worker % 2 == 0)
                {
                    await AssertEchoAsync($"{worker}/{i}", CancellationToken.None);
                    continue;
                }
                using var giveUp = new CancellationTokenSource();
                var calling = _pool.CallAsync(_port.Address, s_echo, isForwarded: false, Argument($"{worker}/{i}"), giveUp.Token).AsTask();
                await giveUp.CancelAsync();
                using var outcome = await calling;
                Assert.True(outcome.End != RpcEnd.Error, outcome.Text);
            }
        }, Stop)));
    }

    [Fact]
    public async Task Renewed_connections_keep_the_calls_under_way_and_get_no_more()
    {
        await AssertEchoAsync("before", Stop);
        var waiting = _pool.CallAsync(_port.Address, s_wait, isForwarded: false, Argument("x"), Stop).AsTask();
        await _isWaiting.Task.WaitAsync(Stop);
        int before = _port.Accepted;
        _pool.Renew();
        await AssertEchoAsync("after", Stop);
        Assert.Equal(before + 1, _port.Accepted);
        _goOn.SetResult();
        using var outcome = await waiting;
        Assert.True(outcome.End == RpcEnd.Result, $"{outcome.End}: {outcome.Text}");
    }

    private async Task AssertEchoAsync(string text, CancellationToken stop)
    {
        byte[] argument = Argument(text);
        using var outcome = await _pool.CallAsync(_port.Address, s_echo, isForwarded: false, argument, stop);
        Assert.True(outcome.End == RpcEnd.Result, $"{outcome.End}: {outcome.Text}");
        Assert.True(outcome.Result.Span.SequenceEqual(argument), text);
    }

    // A short text in MessagePack.
    private static byte[] Argument(string text) => [(byte)(0xa0 | text.Length), .. Encoding.ASCII.GetBytes(text)];
}
