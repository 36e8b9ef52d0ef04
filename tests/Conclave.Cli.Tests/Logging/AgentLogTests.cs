using System.Text;
using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Hosting.Logging;
using Microsoft.Extensions.Logging;

namespace Conclave.Cli.Tests.Logging;

public sealed partial class AgentLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_reader_that_does_not_read_costs_lines_not_time()
    {
        using var stuck = new StuckStream();
        using (var log = new AgentLog(new LogConfig(), stuck, TimeProvider.System))
        {
            var logger = log.CreateLogger("agent");
            for (var i = 0; i < 20_000; i++) Line(logger, "x");
            Assert.InRange(log.DroppedLines, 1, 20_000);
        }
    }

    [Fact]
    public void Lines_before_the_banner_are_held_and_come_after_it_in_order()
    {
        using var output = new MemoryStream();
        using (var log = new AgentLog(new LogConfig(), output, TimeProvider.System))
        {
            log.Hold();
            Line(log.CreateLogger("agent"), "first");
            Line(log.CreateLogger("agent.server"), "second");
            log.Release("==> banner\n");
            Line(log.CreateLogger("agent"), "third");
        }
        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n');
        Assert.Equal("==> banner", lines[0]);
        Assert.EndsWith(" [INFO]  agent: first", lines[1]);
        Assert.EndsWith(" [INFO]  agent.server: second", lines[2]);
        Assert.EndsWith(" [INFO]  agent: third", lines[3]);
    }

    [Fact]
    public void A_message_cannot_forge_a_line()
    {
        using var output = new MemoryStream();
        using (var log = new AgentLog(new LogConfig(), output, TimeProvider.System)) Line(log.CreateLogger("agent"), "a\n2026 [ERROR] agent: b\u001b[2J");
        Assert.EndsWith("agent: a\\n2026 [ERROR] agent: b\\x1b[2J\n", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public void Levels_filter_outputs_and_subscribers_apart()
    {
        using var output = new MemoryStream();
        var sink = new Sink();
        using (var log = new AgentLog(new LogConfig { Level = LogLevels.Warn }, output, TimeProvider.System))
        {
            var logger = log.CreateLogger("agent");
            Line(logger, "before");
            using (log.Subscribe(LogLevels.Info, sink)) Line(logger, "during");
            Line(logger, "after");
            log.Level = LogLevels.Info;
            Line(logger, "last");
        }
        Assert.EndsWith("agent: during", Assert.Single(sink.Lines));
        Assert.EndsWith("agent: last\n", Encoding.UTF8.GetString(output.ToArray()));
        Assert.Single(Encoding.UTF8.GetString(output.ToArray()).TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void Json_lines_have_the_known_names()
    {
        using var output = new MemoryStream();
        using (var log = new AgentLog(new LogConfig { Json = true }, output, TimeProvider.System)) Line(log.CreateLogger("agent"), "hello");
        Assert.Matches("^\\{\"@level\":\"info\",\"@message\":\"hello\",\"@module\":\"agent\",\"@timestamp\":\"[^\"]+\"\\}\n$", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public void Log_files_are_replaced_by_size_and_old_ones_removed()
    {
        var config = new LogConfig { File = Path.Combine(_folder.Path, "agent.log"), RotateBytes = 10, RotateMaxFiles = 2 };
        using (var file = new LogFile(config, TimeProvider.System))
            for (var i = 0; i < 8; i++) file.Write(Encoding.UTF8.GetBytes($"line number {i}\n"));
        var files = Directory.GetFiles(_folder.Path, "agent-*.log").Order(StringComparer.Ordinal).ToArray();
        Assert.InRange(files.Length, 2, 3);
        Assert.EndsWith("line number 7\n", File.ReadAllText(files[^1]));
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Text}")]
    private static partial void Line(ILogger logger, string text);

    private sealed class Sink : IAgentLogSink
    {
        public List<string> Lines { get; } = [];

        public void OnLine(string line) => Lines.Add(line);
    }

    /// <summary>A full pipe: the first write never returns until the test is over.</summary>
    private sealed class StuckStream : MemoryStream
    {
        private readonly ManualResetEventSlim _end = new();

        public override void Write(ReadOnlySpan<byte> buffer) => _end.Wait();

        protected override void Dispose(bool disposing)
        {
            _end.Set();
            base.Dispose(disposing);
        }
    }
}
