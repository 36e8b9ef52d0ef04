using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Conclave.Core.Tests;

public class Crc32CTests
{
    [Fact]
    public void Known_value_is_found() => Assert.Equal(0xe3069283, Crc32C.Append(0, "123456789"u8));

    [Fact]
    public void Instruction_and_table_agree_for_every_length_and_alignment()
    {
        var random = new Prng(1);
        var bytes = new byte[300];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)random.Next(256);
        for (int start = 0; start < 9; start++)
        {
            for (int end = start; end <= bytes.Length; end++)
            {
                var part = bytes.AsSpan(start..end);
                uint seed = (uint)random.NextUInt64(), expected = Crc32C.AppendTable(seed, part);
                if (Sse42.X64.IsSupported) Assert.Equal(expected, Crc32C.AppendSse(seed, part));
                if (Crc32.Arm64.IsSupported) Assert.Equal(expected, Crc32C.AppendArm(seed, part));
                Assert.Equal(~Crc32C.AppendTable(~seed, part), Crc32C.Append(seed, part));
            }
        }
    }

    [Fact]
    public void Parts_give_the_checksum_of_the_whole()
    {
        var whole = "the quick brown fox jumps over the lazy dog"u8;
        for (int cut = 0; cut <= whole.Length; cut++)
            Assert.Equal(Crc32C.Append(7, whole), Crc32C.Append(Crc32C.Append(7, whole[..cut]), whole[cut..]));
    }
}
