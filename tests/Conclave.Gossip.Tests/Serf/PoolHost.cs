using System.Text;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>A pool and what came out of it.</summary>
internal sealed class PoolHost(string name, GossipConfig config, GossipPool pool)
{
    public string Name => name;

    public GossipPool Pool => pool;

    public GossipConfig Config => config;

    public GossipEndpoint Endpoint => config.Advertise;

    /// <summary>Whether its process is gone.</summary>
    public bool IsStopped { get; set; }

    public List<GossipEvent> Events { get; } = [];

    public List<GossipCompletion> Completions { get; } = [];

    public List<GossipFile> Files { get; } = [];

    public List<string> Log { get; } = [];

    public string? Fatal { get; private set; }

    /// <summary>The snapshot file as it would stand on the disk.</summary>
    public string SnapshotText { get; private set; } = "";

    public MemberStatus StatusOf(string member) => pool.Find(member)?.Status ?? MemberStatus.None;

    /// <summary>What was told of a member, in order.</summary>
    public GossipEventKind[] StoryOf(string member) => [.. Events.Where(e => e.Member?.Name == member).Select(e => e.Kind)];

    public GossipEvent[] Told(GossipEventKind kind) => [.. Events.Where(e => e.Kind == kind)];

    public GossipCompletion? CompletionOf(long request) => Completions.Exists(c => c.Request == request) ? Completions.Find(c => c.Request == request) : null;

    public void Take(GossipOutbox outbox)
    {
        Events.AddRange(outbox.Events);
        Completions.AddRange(outbox.Completions);
        Files.AddRange(outbox.Files);
        Log.AddRange(outbox.Log.Select(line => line.Text));
        Fatal ??= outbox.Fatal;
        foreach (var file in outbox.Files)
        {
            string text = Encoding.UTF8.GetString(file.Bytes.Span);
            if (file.Work == GossipFileWork.ReplaceSnapshot) SnapshotText = text;
            else if (file.Work is GossipFileWork.AppendSnapshot or GossipFileWork.AppendSnapshotAndFlush) SnapshotText += text;
        }
    }
}
