namespace Conclave.Rpc.Tests;

public class ConnectionPrefaceTests
{
    [Fact]
    public void Every_first_byte_means_a_kind_native_tls_or_nothing()
    {
        for (int first = 0; first <= byte.MaxValue; first++)
        {
            var form = ConnectionPreface.Read((byte)first, out var kind);
            Assert.Equal(first <= 8 ? PrefaceForm.Selector : first == 22 ? PrefaceForm.NativeTls : PrefaceForm.Unknown, form);
            Assert.Equal(first <= 8 ? first : 0, (int)kind);
        }
    }

    [Fact]
    public void Names_of_native_tls_lead_to_their_kind_and_back()
    {
        int named = 0;
        foreach (var kind in Enum.GetValues<ConnectionKind>())
        {
            var name = ConnectionPreface.AlpnOf(kind);
            if (name.IsEmpty) continue;
            named++;
            Assert.True(ConnectionPreface.TryFromAlpn(name, out var found));
            Assert.Equal(kind, found);
        }
        Assert.Equal(6, named);
        Assert.False(ConnectionPreface.TryFromAlpn("h2"u8, out _));
        Assert.False(ConnectionPreface.TryFromAlpn([], out _));
    }
}
