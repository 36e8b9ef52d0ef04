using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Serf;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Coordinates;

/// <summary>Our coordinate, told with each ack, and what was learned about those of others from theirs.</summary>
internal sealed class CoordinateKeeper(SerfContext context, Prng random) : IDisposable
{
    /// <summary>Members whose coordinates are kept, 136 bytes each; of others none is learned.</summary>
    public const int PlacesMax = 16_384;

    // Version byte, map header, three named numbers, eight more in a list.
    private const int PayloadBytes = 256;

    private readonly Vivaldi _vivaldi = new(random);
    private readonly PooledBuffer _payload = new(PayloadBytes);
    private int _places;

    public Coordinate Current => _vivaldi.Current;

    public long Resets => _vivaldi.Resets;

    /// <summary>What an ack carries; nothing when coordinates are off. Lent until the coordinate changes.</summary>
    public ReadOnlySpan<byte> Payload
    {
        get
        {
            if (context.Config.EnableCoordinates && _payload.WrittenCount == 0) Encode();
            return _payload.WrittenSpan;
        }
    }

    /// <summary>A member answered a direct probe.</summary>
    public void OnProbed(SwimNode node, TimeSpan roundTrip, ReadOnlySpan<byte> payload)
    {
        if (!context.Config.EnableCoordinates || payload.IsEmpty || node is not MemberRecord { IsListed: true } record) return;
        if (!TryDecode(payload, out var place))
        {
            Reject(node, "it cannot be read");
            return;
        }
        if (record.Place is null && _places >= PlacesMax) return;
        var known = record.Place ?? new KnownPlace();
        var fault = _vivaldi.TryUpdate(known, place, roundTrip.Ticks * 100);
        if (fault != CoordinateFault.None)
        {
            Reject(node, fault.ToString());
            return;
        }
        if (record.Place is null) _places++;
        record.Place = known;
        _payload.Clear();
    }

    /// <summary>A member is forgotten.</summary>
    public void Forget(MemberRecord record)
    {
        if (record.Place is not null) _places--;
        record.Place = null;
    }

    public void Dispose() => _payload.Dispose();

    private static bool TryDecode(ReadOnlySpan<byte> payload, out Place place)
    {
        place = default;
        try
        {
            if (!GossipCodec.TryDecodeCoordinate(payload, out var told) || told.Vec.Count != Vivaldi.Dimensions) return false;
            (place.Error, place.Adjustment, place.Height) = (told.Error, told.Adjustment, told.Height);
            int i = 0;
            foreach (var element in told.Vec) place.Vec[i++] = element.Value;
            return true;
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            return false;                                       // reported by the caller; the ack as such counts
        }
    }

    private void Reject(SwimNode node, string reason)
    {
        context.MessagesDropped++;
        context.LogOfOthers(GossipLogLevel.Error, $"Rejected coordinate from {node.Name}: {reason}");
    }

    private void Encode()
    {
        ref readonly var place = ref _vivaldi.Place;
        Span<byte> encoded = stackalloc byte[Vivaldi.Dimensions * (1 + sizeof(double))];
        var writer = new MsgPackWriter(encoded);
        for (int i = 0; i < Vivaldi.Dimensions; i++) writer.Write(place.Vec[i]);
        writer.Flush();
        GossipCodec.Encode(_payload, new CoordinatePayload
        {
            Vec = new EncodedList<FloatElement>(encoded, Vivaldi.Dimensions),
            Error = place.Error,
            Adjustment = place.Adjustment,
            Height = place.Height,
        });
    }
}
