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
/// that of the peers: the same measurements give the same coordinate to the last bit. Seconds. Learning allocates nothing. Not thread-safe.
/// </summary>
/// <param name="random">Where to go from when two members lie at the same place.</param>
public sealed class Vivaldi(Prng random)
{
    /// <summary>Dimensions of the space, heights apart.</summary>
    public const int Dimensions = 8;

    private const double ErrorMax = 1.5, Ce = 0.25, Cc = 0.25, HeightMin = 10.0e-6, GravityRho = 150, ZeroThreshold = 1.0e-6, NanosecondsPerSecond = 1.0e9;
    private const int AdjustmentWindow = 20;
    private const long RoundTripNanosecondsMax = 10_000_000_000;

    // A coordinate that has learned nothing; with its own height it is also the origin that everything falls to.
    private static readonly Place Start = new() { Error = ErrorMax, Height = HeightMin };

    private readonly double[] _adjustments = new double[AdjustmentWindow];
    private int _adjustmentAt;
    private Place _place = Start;
    private Coordinate? _current;

    /// <summary>Where we are. Not to be changed.</summary>
    public Coordinate Current => _current ??= _place.ToCoordinate();

    /// <summary>How often the coordinate had to start over because it had stopped being one.</summary>
    public long Resets { get; private set; }

    internal ref readonly Place Place => ref _place;

    /// <summary>A coordinate that has learned nothing.</summary>
    public static Coordinate Fresh() => Start.ToCoordinate();

    /// <summary>Starts from a coordinate of an earlier life.</summary>
    public CoordinateFault TryResume(Coordinate coordinate)
    {
        if (coordinate.Vec.Length != Dimensions) return CoordinateFault.Dimensions;
        var place = Place.From(coordinate);
        if (!IsFinite(place)) return CoordinateFault.NotFinite;
        Move(place);
        return CoordinateFault.None;
    }

    /// <summary>Expected round trip between two coordinates, in whole nanoseconds.</summary>
    public static long DistanceNanoseconds(Coordinate from, Coordinate to) => DistanceNanoseconds(Place.From(from), Place.From(to));

    /// <summary>Learns from a round trip to a member, which then was at <paramref name="other"/>, and remembers that place.</summary>
    internal CoordinateFault TryUpdate(KnownPlace known, in Place other, long roundTripNanoseconds)
    {
        if (!IsFinite(other)) return CoordinateFault.NotFinite;
        if (roundTripNanoseconds is < 0 or > RoundTripNanosecondsMax) return CoordinateFault.RoundTrip;
        double roundTrip = known.Filter(Seconds(roundTripNanoseconds));
        known.Place = other;
        var place = _place;
        Approach(ref place, other, roundTrip);
        Adjust(ref place, other, roundTrip);
        FallToOrigin(ref place);
        bool isLost = !IsFinite(place);
        Move(isLost ? Start : place);
        if (isLost) Resets++;
        return CoordinateFault.None;
    }

    private static long DistanceNanoseconds(in Place from, in Place to)
    {
        double distance = RawDistance(from, to);
        double adjusted = distance + from.Adjustment + to.Adjustment;
        if (adjusted > 0) distance = adjusted;
        return (long)(distance * NanosecondsPerSecond);
    }

    private static bool IsFinite(in Place place)
    {
        bool isFinite = double.IsFinite(place.Error) && double.IsFinite(place.Adjustment) && double.IsFinite(place.Height);
        for (int i = 0; i < Dimensions; i++) isFinite &= double.IsFinite(place.Vec[i]);
        return isFinite;
    }

    private void Move(in Place place)
    {
        _place = place;
        _current = null;
    }

    private void Approach(ref Place place, in Place other, double roundTrip)
    {
        double distance = Seconds(DistanceNanoseconds(place, other));
        roundTrip = Math.Max(roundTrip, ZeroThreshold);
        double wrongness = Math.Abs(distance - roundTrip) / roundTrip;
        double weight = place.Error / Math.Max(place.Error + other.Error, ZeroThreshold);
        place.Error = Math.Min(Ce * weight * wrongness + place.Error * (1.0 - Ce * weight), ErrorMax);
        Push(ref place, Cc * weight * (roundTrip - distance), other);
    }

    private void Adjust(ref Place place, in Place other, double roundTrip)
    {
        _adjustments[_adjustmentAt] = roundTrip - RawDistance(place, other);
        _adjustmentAt = (_adjustmentAt + 1) % AdjustmentWindow;
        double sum = 0;
        foreach (double sample in _adjustments) sum += sample;
        place.Adjustment = sum / (2.0 * AdjustmentWindow);
    }

    // Keeps a whole pool from drifting away.
    private void FallToOrigin(ref Place place)
    {
        double pull = Seconds(DistanceNanoseconds(Start, place)) / GravityRho;
        Push(ref place, -1.0 * (pull * pull), Start);
    }

    private void Push(ref Place place, double force, in Place other)
    {
        double apart = UnitVector(place.Vec, other.Vec, out var unit);
        for (int i = 0; i < Dimensions; i++) place.Vec[i] += unit[i] * force;
        if (apart > ZeroThreshold) place.Height = Math.Max((place.Height + other.Height) * force / apart + place.Height, HeightMin);
    }

    // The direction from b to a and how far they are apart; chance decides, and they count as not apart, when they are too near for a direction.
    private double UnitVector(in Place.Vector a, in Place.Vector b, out Place.Vector unit)
    {
        unit = default;
        for (int i = 0; i < Dimensions; i++) unit[i] = a[i] - b[i];
        double apart = Magnitude(unit);
        if (apart > ZeroThreshold)
        {
            Scale(ref unit, 1.0 / apart);
            return apart;
        }
        for (int i = 0; i < Dimensions; i++) unit[i] = random.NextDouble() - 0.5;
        double length = Magnitude(unit);
        if (length > ZeroThreshold)
        {
            Scale(ref unit, 1.0 / length);
            return 0;
        }
        unit = default;
        unit[0] = 1.0;
        return 0;
    }

    private static double RawDistance(in Place from, in Place to)
    {
        double sum = 0;
        for (int i = 0; i < Dimensions; i++)
        {
            double difference = from.Vec[i] - to.Vec[i];
            sum += difference * difference;
        }
        return Math.Sqrt(sum) + from.Height + to.Height;
    }

    private static double Magnitude(in Place.Vector vector)
    {
        double sum = 0;
        for (int i = 0; i < Dimensions; i++) sum += vector[i] * vector[i];
        return Math.Sqrt(sum);
    }

    private static void Scale(ref Place.Vector vector, double factor)
    {
        for (int i = 0; i < Dimensions; i++) vector[i] *= factor;
    }

    private static double Seconds(long nanoseconds) => nanoseconds / 1_000_000_000 + nanoseconds % 1_000_000_000 / NanosecondsPerSecond;
}
