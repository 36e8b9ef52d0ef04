using System.Runtime.CompilerServices;
using Conclave.Core.Model;

namespace Conclave.Gossip.Coordinates;

/// <summary>A coordinate as plain numbers: copied, not shared. Seconds.</summary>
internal struct Place
{
    public Vector Vec;
    public double Error;
    public double Adjustment;
    public double Height;

    public readonly Coordinate ToCoordinate()
    {
        var vec = new double[Vivaldi.Dimensions];
        for (int i = 0; i < vec.Length; i++) vec[i] = Vec[i];
        return new Coordinate(vec, Error, Adjustment, Height);
    }

    public static Place From(Coordinate coordinate)
    {
        var place = new Place { Error = coordinate.Error, Adjustment = coordinate.Adjustment, Height = coordinate.Height };
        for (int i = 0; i < Vivaldi.Dimensions; i++) place.Vec[i] = coordinate.Vec[i];
        return place;
    }

    [InlineArray(Vivaldi.Dimensions)]
    public struct Vector
    {
        private double _first;
    }
}

/// <summary>What is known of another member's place: its coordinate, and the last round trip times to it. One object for each member that answered a probe.</summary>
internal sealed class KnownPlace
{
    private double _first, _second, _third;
    private int _count;

    /// <summary>Its coordinate as it last told it.</summary>
    public Place Place;

    /// <summary>Takes a round trip time in seconds and returns the median of the last three: a single late packet moves nothing.</summary>
    public double Filter(double roundTrip)
    {
        (_first, _second, _third) = (_second, _third, roundTrip);
        if (_count < 3) _count++;
        return _count switch
        {
            1 => roundTrip,
            2 => Math.Max(_second, _third),                    // the upper one of two, as peers take it
            _ => Math.Max(Math.Min(_first, _second), Math.Min(Math.Max(_first, _second), _third)),
        };
    }
}
