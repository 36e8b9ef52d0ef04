using System.Text.Json;

namespace Conclave.Conformance.Player;

/// <summary>Gives every expectation an element of its own, in whatever order they come, by trying and taking back.</summary>
internal static class Assignment
{
    public static Mismatch? Match(JsonElement expected, JsonElement got, string path, PlayState state)
    {
        var search = new Search(expected, got, path);
        if (search.From(0, [], state) is { } found)
        {
            state.Adopt(found);
            return null;
        }
        var note = $"no element fits expectation {search.DeepestIndex}" + (search.Closest is null ? "" : $"; closest: {search.Closest}");
        return Mismatch.At(path, expected[search.DeepestIndex], got, note);
    }

    private sealed class Search(JsonElement expected, JsonElement got, string path)
    {
        public int DeepestIndex { get; private set; } = -1;

        public Mismatch? Closest { get; private set; }

        /// <summary>The state after all expectations from <paramref name="index"/> on found an element, or null.</summary>
        public PlayState? From(int index, HashSet<int> used, PlayState state)
        {
            if (index == expected.GetArrayLength()) return state;
            Mismatch? best = null;
            for (var j = 0; j < got.GetArrayLength(); j++)
            {
                if (used.Contains(j)) continue;
                var trial = state.Copy();
                if (Matcher.Match(expected[index], got[j], $"{path}[{j}]", trial) is { } difference)
                {
                    if (best is null || difference.Path.Length > best.Path.Length) best = difference;
                    continue;
                }
                if (From(index + 1, [.. used, j], trial) is { } done) return done;
            }
            if (index > DeepestIndex) (DeepestIndex, Closest) = (index, best);
            return null;
        }
    }
}
