using Conclave.Core.Patterns;

namespace Conclave.Agent.Events;

/// <summary>Patterns of events, which come from any member. Evaluated in bounded time; one that cannot be read concerns nobody.</summary>
public static class EventFilter
{
    /// <summary>Why the event cannot be fired, in Consul's wording, or null.</summary>
    public static string? Refusal(UserEvent fired)
    {
        if (fired.Name.Length == 0) return "User event missing name";
        if (fired.TagFilter.Length > 0 && fired.ServiceFilter.Length == 0) return "Cannot provide tag filter without service filter";
        return Refusal("node", fired.NodeFilter) ?? Refusal("service", fired.ServiceFilter) ?? Refusal("tag", fired.TagFilter);
    }

    /// <summary>Whether the event is for this node.</summary>
    public static bool Concerns(UserEvent fired, string nodeName, IReadOnlyList<LocalServiceView> services)
    {
        if (fired.NodeFilter.Length > 0 && !IsMatch(fired.NodeFilter, nodeName)) return false;
        if (fired.ServiceFilter.Length == 0) return true;
        foreach (var (service, _) in services)
        {
            if (!IsMatch(fired.ServiceFilter, service.Service)) continue;
            if (fired.TagFilter.Length == 0) return true;
            foreach (var tag in service.Tags ?? [])
                if (IsMatch(fired.TagFilter, tag)) return true;
        }
        return false;
    }

    private static string? Refusal(string kind, string pattern)
    {
        if (pattern.Length == 0) return null;
        return LinearPattern.TryParse(pattern, out _, out string error) ? null : $"Invalid {kind} filter: {error}";
    }

    private static bool IsMatch(string pattern, string text) => LinearPattern.TryParse(pattern, out var parsed, out _) && parsed.IsMatch(text);
}
