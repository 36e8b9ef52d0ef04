namespace Conclave.Http.Remote;

/// <summary>Bounds of what subscriptions tell. What happens at each bound is said with it.</summary>
internal sealed record ViewLimits
{
    /// <summary>Subscriptions at a time. A question that needs one more is asked of the servers by a waiting call.</summary>
    public int ViewsMax { get; init; } = 4096;

    /// <summary>Memory of one view, about. A service that needs more is asked for by waiting calls.</summary>
    public long ViewBytesMax { get; init; } = 64 << 20;

    /// <summary>Memory of all views, about. The one that goes beyond it ends, and its service is asked for by waiting calls.</summary>
    public long BytesMax { get; init; } = 256 << 20;

    /// <summary>Different questions (filters, tags, indentation) about one service that are remembered. Those that nobody waits for go first; of more, waiting calls are made.</summary>
    public int QuestionsMax { get; init; } = 256;

    /// <summary>How long a subscription goes on after the last one who waited got an answer, and mostly comes back for the next. One who left unanswered is not waited for.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(600);

    /// <summary>How long a subscription goes on after somebody asked with <c>?cached</c>.</summary>
    public TimeSpan CachedMax { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>How long subscriptions are not asked for after servers refused one: waiting calls are made meanwhile.</summary>
    public TimeSpan RefusedRest { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long who needs a first answer waits for a subscription before a waiting call is made.</summary>
    public TimeSpan FirstAnswerMax { get; init; } = TimeSpan.FromSeconds(5);
}
