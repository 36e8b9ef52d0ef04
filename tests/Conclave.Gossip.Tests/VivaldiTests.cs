using System.Text.Json;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Gossip.Coordinates;

namespace Conclave.Gossip.Tests;

public sealed class VivaldiTests
{
    [Fact]
    public void Recorded_measurements_give_the_recorded_coordinates_to_the_last_bit()
    {
        var recorded = GossipVectors.Load("vivaldi");
        var others = recorded.GetProperty("others").EnumerateArray().Select(CoordinateOf).ToArray();
        var vivaldi = new Vivaldi(new Prng(1));
        Assert.Equal(CoordinateFault.None, vivaldi.TryResume(CoordinateOf(recorded.GetProperty("start"))));
        var known = new Dictionary<string, KnownPlace>();
        int steps = 0;
        foreach (var step in recorded.GetProperty("steps").EnumerateArray())
        {
            var other = others[step.GetProperty("other").GetInt32()];
            string node = step.GetProperty("node").GetString()!;
            if (!known.TryGetValue(node, out var place)) known[node] = place = new KnownPlace();
            Assert.Equal(CoordinateFault.None, vivaldi.TryUpdate(place, Place.From(other), step.GetProperty("rtt_ns").GetInt64()));
            AssertSame(CoordinateOf(step.GetProperty("after")), vivaldi.Current);
            Assert.Equal(step.GetProperty("distance_ns_to").EnumerateArray().Select(ns => ns.GetInt64()), others.Select(o => Vivaldi.DistanceNanoseconds(vivaldi.Current, o)));
            steps++;
        }
        Assert.Equal(45, steps);
        Assert.Equal(0, vivaldi.Resets);
    }

    [Fact]
    public void What_peers_reject_changes_nothing()
    {
        var vivaldi = new Vivaldi(new Prng(1));
        var before = vivaldi.Current;
        var other = Vivaldi.Fresh();
        Assert.Equal(CoordinateFault.RoundTrip, TryUpdate(vivaldi, other, 11_000_000_000));
        Assert.Equal(CoordinateFault.RoundTrip, TryUpdate(vivaldi, other, -1));
        Assert.Equal(CoordinateFault.Dimensions, vivaldi.TryResume(other with { Vec = new double[4] }));
        Assert.Equal(CoordinateFault.NotFinite, TryUpdate(vivaldi, other with { Height = double.NaN }, 1));
        Assert.Equal(CoordinateFault.NotFinite, TryUpdate(vivaldi, other with { Vec = [0, 0, 0, double.PositiveInfinity, 0, 0, 0, 0] }, 1));
        Assert.Same(before, vivaldi.Current);
    }

    [Fact]
    public void Two_members_at_one_place_part_by_chance_and_the_same_chance_parts_them_the_same_way()
    {
        Coordinate[] ends = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            var vivaldi = new Vivaldi(new Prng(7));
            TryUpdate(vivaldi, Vivaldi.Fresh(), 5_000_000);
            return vivaldi.Current;
        })];
        AssertSame(ends[0], ends[1]);
        Assert.Contains(ends[0].Vec, value => value != 0);
    }

    [Fact]
    public void A_coordinate_that_overflows_starts_over()
    {
        var vivaldi = new Vivaldi(new Prng(1));
        Assert.Equal(CoordinateFault.None, TryUpdate(vivaldi, Vivaldi.Fresh() with { Vec = [1e308, 1e308, 0, 0, 0, 0, 0, 0], Height = 1e308 }, 1_000_000));
        Assert.Equal(1, vivaldi.Resets);
        AssertSame(Vivaldi.Fresh(), vivaldi.Current);
    }

    [Fact]
    public void Learning_allocates_nothing()
    {
        var (vivaldi, known, other) = (new Vivaldi(new Prng(1)), new KnownPlace(), Place.From(Vivaldi.Fresh()));
        for (int i = 0; i < 20; i++) vivaldi.TryUpdate(known, other, 1_000_000 + i);
        long allocated = Conclave.Tests.Allocation.Least(() =>
        {
            for (int i = 0; i < 100; i++) vivaldi.TryUpdate(known, other, 1_000_000 + i);
        });
        Assert.Equal(0, allocated);
    }

    private static CoordinateFault TryUpdate(Vivaldi vivaldi, Coordinate other, long roundTripNanoseconds) =>
        vivaldi.TryUpdate(new KnownPlace(), Place.From(other), roundTripNanoseconds);

    private static Coordinate CoordinateOf(JsonElement json) => new(
        [.. json.GetProperty("Vec").EnumerateArray().Select(value => value.GetDouble())],
        json.GetProperty("Error").GetDouble(), json.GetProperty("Adjustment").GetDouble(), json.GetProperty("Height").GetDouble());

    private static void AssertSame(Coordinate expected, Coordinate actual)
    {
        Assert.Equal(expected.Vec, actual.Vec);
        Assert.Equal((expected.Error, expected.Adjustment, expected.Height), (actual.Error, actual.Adjustment, actual.Height));
    }
}
