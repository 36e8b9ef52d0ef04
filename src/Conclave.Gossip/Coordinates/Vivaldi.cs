using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Gossip.Coordinates;

/// <summary>Why a measurement was refused.</summary>
public enum CoordinateFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>The other coordinate has another number of dimensions.</summary>
    Dimensions,

    /// <summary>The other coordinate has numbers that are none.</summary>
    NotFinite,

    /// <summary>The round trip took less than nothing or more than ten seconds.</summary>
    RoundTrip,
}

/// <summary>
/// A member's place in a space where distance is round trip time, learned from measured ones (Vivaldi with heights and adjustments). The order of operations is
/// that of the peers: the same measurements give the same coordinate to the last bit. Seconds. Not thread-safe.
/// </summary>
/// <param name="random">Where to go from when two members lie at the same place.</param>
public sealed class Vivaldi(Prng random)
{
    /// <summary>Dimensions of the space, heights apart.</summary>
    public const int Dimensions = 8;

    private const double ErrorMax = 1.5, Ce = 0.25, Cc = 0.25, HeightMin = 10.0e-6, GravityRho = 150, ZeroThreshold = 1.0e-6, NanosecondsPerSecond = 1.0e9;
    private const int AdjustmentWindow = 20, FilterSize = 3;
    private const long RoundTripNanosecondsMax = 10_000_000_000;

    private static readonly Coordinate Origin = Fresh();

    private readonly Dictionary<string, double[]> _samples = [];
    private readonly double[] _adjustments = new double[AdjustmentWindow];
    private int _adjustmentAt;

    /// <summary>Where we are. Not to be changed.</summary>
    public Coordinate Current { get; private set; } = Fresh();

    /// <summary>How often the coordinate had to start over because it had stopped being one.</summary>
    public long Resets { get; private set; }

    /// <summary>A coordinate that has learned nothing.</summary>
    public static Coordinate Fresh() => new(new double[Dimensions], ErrorMax, 0, HeightMin);

    /// <summary>Starts from a coordinate of an earlier life.</summary>
    public CoordinateFault TryResume(Coordinate coordinate)
    {
        var fault = Check(coordinate);
        if (fault == CoordinateFault.None) Current = coordinate with { Vec = [.. coordinate.Vec] };
        return fault;
    }

    /// <summary>Learns from a round trip to a member and the coordinate it had then.</summary>
    public CoordinateFault TryUpdate(string node, Coordinate other, long roundTripNanoseconds)
    {
        var fault = Check(other);
        if (fault != CoordinateFault.None) return fault;
        if (roundTripNanoseconds is < 0 or > RoundTripNanosecondsMax) return CoordinateFault.RoundTrip;
        double roundTrip = Filter(node, Seconds(roundTripNanoseconds));
        Approach(other, roundTrip);
        Adjust(other, roundTrip);
        FallToOrigin();
        if (Check(Current) == CoordinateFault.None) return CoordinateFault.None;
        Current = Fresh();
        Resets++;
        return CoordinateFault.None;
    }

    /// <summary>Forgets what was measured to a member that is gone.</summary>
    public void Forget(string node) => _samples.Remove(node);

    /// <summary>Expected round trip between two coordinates, in whole nanoseconds.</summary>
    public static long DistanceNanoseconds(Coordinate from, Coordinate to)
    {
        double distance = RawDistance(from, to);
        double adjusted = distance + from.Adjustment + to.Adjustment;
        if (adjusted > 0) distance = adjusted;
        return (long)(distance * NanosecondsPerSecond);
    }

    private static CoordinateFault Check(Coordinate coordinate)
    {
        if (coordinate.Vec.Length != Dimensions) return CoordinateFault.Dimensions;
        bool isFinite = double.IsFinite(coordinate.Error) && double.IsFinite(coordinate.Adjustment) && double.IsFinite(coordinate.Height);
        foreach (double value in coordinate.Vec) isFinite &= double.IsFinite(value);
        return isFinite ? CoordinateFault.None : CoordinateFault.NotFinite;
    }

    // The median of the last measurements: a single late packet moves nothing.
    private double Filter(string node, double roundTrip)
    {
        if (!_samples.TryGetValue(node, out var samples)) samples = [];
        samples = samples.Length == FilterSize ? [.. samples[1..], roundTrip] : [.. samples, roundTrip];
        _samples[node] = samples;
        var sorted = (double[])samples.Clone();
        Array.Sort(sorted);
        return sorted[sorted.Length / 2];
    }

    private void Approach(Coordinate other, double roundTrip)
    {
        double distance = Seconds(DistanceNanoseconds(Current, other));
        roundTrip = Math.Max(roundTrip, ZeroThreshold);
        double wrongness = Math.Abs(distance - roundTrip) / roundTrip;
        double weight = Current.Error / Math.Max(Current.Error + other.Error, ZeroThreshold);
        double error = Math.Min(Ce * weight * wrongness + Current.Error * (1.0 - Ce * weight), ErrorMax);
        Current = Push(Current with { Error = error }, Cc * weight * (roundTrip - distance), other);
    }

    private void Adjust(Coordinate other, double roundTrip)
    {
        _adjustments[_adjustmentAt] = roundTrip - RawDistance(Current, other);
        _adjustmentAt = (_adjustmentAt + 1) % AdjustmentWindow;
        double sum = 0;
        foreach (double sample in _adjustments) sum += sample;
        Current = Current with { Adjustment = sum / (2.0 * AdjustmentWindow) };
    }

    // Keeps a whole pool from drifting away.
    private void FallToOrigin()
    {
        double pull = Seconds(DistanceNanoseconds(Origin, Current)) / GravityRho;
        Current = Push(Current, -1.0 * (pull * pull), Origin);
    }

    private Coordinate Push(Coordinate place, double force, Coordinate other)
    {
        double apart = UnitVector(place.Vec, other.Vec, out var unit);
        var moved = new double[Dimensions];
        for (int i = 0; i < moved.Length; i++) moved[i] = place.Vec[i] + unit[i] * force;
        double height = place.Height;
        if (apart > ZeroThreshold) height = Math.Max((height + other.Height) * force / apart + height, HeightMin);
        return place with { Vec = moved, Height = height };
    }

    // The direction from b to a and how far they are apart; chance decides, and they count as not apart, when they are too near for a direction.
    private double UnitVector(double[] a, double[] b, out double[] unit)
    {
        unit = new double[Dimensions];
        for (int i = 0; i < unit.Length; i++) unit[i] = a[i] - b[i];
        double apart = Magnitude(unit);
        if (apart > ZeroThreshold)
        {
            Scale(unit, 1.0 / apart);
            return apart;
        }
        for (int i = 0; i < unit.Length; i++) unit[i] = random.NextDouble() - 0.5;
        double length = Magnitude(unit);
        if (length > ZeroThreshold) Scale(unit, 1.0 / length);
        else unit = [1.0, 0, 0, 0, 0, 0, 0, 0];
        return 0;
    }

    private static double RawDistance(Coordinate from, Coordinate to)
    {
        double sum = 0;
        for (int i = 0; i < Dimensions; i++)
        {
            double difference = from.Vec[i] - to.Vec[i];
            sum += difference * difference;
        }
        return Math.Sqrt(sum) + from.Height + to.Height;
    }

    private static double Magnitude(double[] vector)
    {
        double sum = 0;
        foreach (double value in vector) sum += value * value;
        return Math.Sqrt(sum);
    }

    private static void Scale(double[] vector, double factor)
    {
        for (int i = 0; i < vector.Length; i++) vector[i] *= factor;
    }

    private static double Seconds(long nanoseconds) => nanoseconds / 1_000_000_000 + nanoseconds % 1_000_000_000 / NanosecondsPerSecond;
}
