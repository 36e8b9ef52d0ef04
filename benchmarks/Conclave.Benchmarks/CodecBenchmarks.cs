using System.Buffers;
using BenchmarkDotNet.Attributes;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Benchmarks;

/// <summary>A key's command to and from the bytes that the log keeps.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private byte[] _value = [];
    private byte[] _command = [];

    /// <summary>Bytes of the value.</summary>
    [Params(128, 4096)]
    public int ValueBytes { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _value = new byte[ValueBytes];
        _command = EncodeSet();
    }

    [Benchmark(Baseline = true)]
    public byte[] CopyOfTheCommand() => (byte[])_command.Clone();

    [Benchmark]
    public byte[] EncodeSet() => CommandCodec.EncodeKv(KvOps.Set, "load/000/000"u8, new ReadOnlySequence<byte>(_value), hasValue: true, flags: 0, session: "", casIndex: 0);

    [Benchmark]
    public KvRequest DecodeSet() => CommandCodec.DecodeKv(_command.AsMemory(1));
}
