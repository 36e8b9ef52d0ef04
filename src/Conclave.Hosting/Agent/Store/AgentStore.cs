using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Conclave.Agent;
using Conclave.Core;
using Conclave.Http.Requests;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Agent.Store;

/// <summary>
/// Registrations and states of TTL checks in the data folder: <c>services</c>, <c>checks</c> and <c>checks/state</c>, one file each, named by the SHA-256 of the id.
/// </summary>
/// <remarks>
/// One writer takes what is there at once, so that everything of a batch shares the flushes of the folders. A registration is written to a temporary file, flushed and
/// renamed: there is the old or the new one, never a half. States are written late, the newest only, and without a flush: losing one costs a check one report.
/// </remarks>
internal sealed class AgentStore : IAsyncDisposable
{
    private const int FileBytesMax = 8 * 1024 * 1024;          // above any registration the HTTP interface takes
    private const int BatchMax = 256;
    private const string TemporarySuffix = ".tmp";
    private static readonly TimeSpan StateDelay = TimeSpan.FromSeconds(1);

    private readonly string _services, _checks, _states;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Channel<AgentEffect> _inbox = Channel.CreateUnbounded<AgentEffect>(new() { SingleReader = true });
    private readonly Dictionary<string, (SaveCheckState State, DateTimeOffset At)> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private readonly Task _writer;
    private Task<bool>? _more;

    public AgentStore(string dataDirectory, TimeProvider clock, ILogger logger)
    {
        (_clock, _logger) = (clock, logger);
        _services = Directory.CreateDirectory(Path.Combine(dataDirectory, "services")).FullName;
        _checks = Directory.CreateDirectory(Path.Combine(dataDirectory, "checks")).FullName;
        _states = Directory.CreateDirectory(Path.Combine(_checks, "state")).FullName;
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Hands over something to be kept, forgotten or waited for.</summary>
    public void Post(AgentEffect effect)
    {
        if (!_inbox.Writer.TryWrite(effect) && effect is StoreBarrier barrier) barrier.Complete("agent is stopping");
    }

    /// <summary>Gives the core everything that was kept. Damaged files are named in the log and left where they are.</summary>
    public void Load(AgentCore core, Instant now)
    {
        foreach (string file in Files(_services)) Try(file, content => LoadService(core, content));
        var states = new Dictionary<string, (string Status, string Output)>(StringComparer.Ordinal);
        foreach (string file in Files(_states)) Try(file, content => LoadState(states, content));
        foreach (string file in Files(_checks)) Try(file, content => LoadCheck(core, states, content, now));
    }

    /// <summary>Writes what is waiting and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _inbox.Writer.TryComplete();
        await _writer.ConfigureAwait(false);
    }

    private bool LoadService(AgentCore core, byte[] content)
    {
        var (service, token) = StoreJson.ReadService(content);
        if (!core.RestoreService(service, token)) return false;
        AgentLogMessages.Restored(_logger, "service", service.Id);
        return true;
    }

    private bool LoadState(Dictionary<string, (string Status, string Output)> states, byte[] content)
    {
        var (id, status, output, expires) = StoreJson.ReadState(content);
        if (expires <= _clock.GetUtcNow().ToUnixTimeSeconds()) return false;
        states[id] = (status, output);
        return true;
    }

    private bool LoadCheck(AgentCore core, Dictionary<string, (string Status, string Output)> states, byte[] content, Instant now)
    {
        var (check, definition) = StoreJson.ReadCheck(content);
        bool known = states.TryGetValue(check.CheckId, out var state);
        if (!core.RestoreCheck(check, definition, known ? state.Status : null, known ? state.Output : "", now)) return false;
        AgentLogMessages.Restored(_logger, "check", check.CheckId);
        return true;
    }

    /// <summary>Reads a file; one that is no longer wanted (the loader says false) is removed.</summary>
    private void Try(string file, Func<byte[], bool> load)
    {
        try
        {
            if (new FileInfo(file).Length > FileBytesMax) throw new IOException("The file is too large.");
            if (!load(File.ReadAllBytes(file))) File.Delete(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or RequestDecodeException)
        {
            AgentLogMessages.FileDamaged(_logger, file, failure.Message);
        }
    }

    private static IEnumerable<string> Files(string folder)
    {
        string[] files = Directory.GetFiles(folder);
        Array.Sort(files, StringComparer.Ordinal);
        foreach (string file in files)
        {
            if (!file.EndsWith(TemporarySuffix, StringComparison.Ordinal)) yield return file;
            else File.Delete(file);                            // a write that was cut off; what it replaced is still there
        }
    }

    private async Task WriteAsync()
    {
        var batch = new List<AgentEffect>();
        while (await WaitAsync().ConfigureAwait(false))
        {
            while (batch.Count < BatchMax && _inbox.Reader.TryRead(out var effect)) batch.Add(effect);
            WriteBatch(batch);
            batch.Clear();
            WriteStates(_clock.GetUtcNow() - StateDelay);
        }
        WriteStates(DateTimeOffset.MaxValue);
    }

    /// <summary>Waits for work: something new, or a state that waited long enough. False at the end.</summary>
    private async ValueTask<bool> WaitAsync()
    {
        // A reader may wait only once at a time, so a wait that outlives the delay is taken up again.
        _more ??= _inbox.Reader.WaitToReadAsync().AsTask();
        if (_waiting.Count > 0) await Task.WhenAny(_more, Task.Delay(StateDelay, _clock)).ConfigureAwait(false);
        if (_waiting.Count > 0 && !_more.IsCompleted) return true;
        bool any = await _more.ConfigureAwait(false);
        _more = null;
        return any;
    }

    private void WriteBatch(List<AgentEffect> batch)
    {
        string? error = null;
        foreach (var effect in batch) error ??= Write(effect);
        error ??= FlushFolders();
        foreach (var effect in batch)
            if (effect is StoreBarrier barrier) barrier.Complete(error);
    }

    private string? Write(AgentEffect effect)
    {
        switch (effect)
        {
            case SaveService save: return Replace(_services, save.Service.Id, StoreJson.Write(save), durable: true);
            case ForgetService forget: return Delete(_services, forget.ServiceId);
            case SaveCheck save: return Replace(_checks, save.Check.CheckId, StoreJson.Write(save), durable: true);
            case ForgetCheck forget:
                _waiting.Remove(forget.CheckId);
                return Delete(_checks, forget.CheckId) ?? Delete(_states, forget.CheckId);
            case SaveCheckState state:
                _waiting[state.CheckId] = (state, _clock.GetUtcNow());
                return null;
            default: return null;
        }
    }

    private void WriteStates(DateTimeOffset until)
    {
        if (_waiting.Count == 0) return;
        var due = new List<string>();
        foreach (var (id, entry) in _waiting)
            if (entry.At <= until) due.Add(id);
        foreach (string id in due)
        {
            var (state, at) = _waiting[id];
            _waiting.Remove(id);
            Replace(_states, id, StoreJson.Write(state, (at + Bounded(state.Ttl)).ToUnixTimeSeconds()), durable: false);
        }
        _touched.Clear();
    }

    // A TTL of centuries must not overflow the calendar.
    private static TimeSpan Bounded(TimeSpan ttl) => ttl < TimeSpan.FromDays(36500) ? ttl : TimeSpan.FromDays(36500);

    private string? Replace(string folder, string id, byte[] content, bool durable)
    {
        string file = Path.Combine(folder, NameOf(id)), temporary = file + TemporarySuffix;
        try
        {
            using (var stream = new FileStream(temporary, OwnerOnly()))
            {
                stream.Write(content);
                if (durable) stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, file, overwrite: true);
            _touched.Add(folder);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failed(file, failure);
        }
    }

    // Registrations may hold tokens.
    private static FileStreamOptions OwnerOnly()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private string? Delete(string folder, string id)
    {
        string file = Path.Combine(folder, NameOf(id));
        try
        {
            if (!File.Exists(file)) return null;
            File.Delete(file);
            _touched.Add(folder);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failed(file, failure);
        }
    }

    private string? FlushFolders()
    {
        string? error = null;
        foreach (string folder in _touched)
        {
            try
            {
                DirectoryFlush.Flush(folder);
            }
            catch (Win32Exception failure)
            {
                error = Failed(folder, failure);
            }
        }
        _touched.Clear();
        return error;
    }

    private string Failed(string file, Exception failure)
    {
        AgentLogMessages.FileNotWritten(_logger, file, failure.Message);
        return $"failed writing {file}: {failure.Message}";
    }

    private static string NameOf(string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
}
