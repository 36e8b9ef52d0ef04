using FsCheck;
using FsCheck.Fluent;

namespace Conclave.Tests;

/// <summary>Runs FsCheck properties; PROPERTY_SEED="a,b" replays a reported failure.</summary>
internal static class Property
{
    public static void Check<T>(Func<T, bool> holds, int runs = 200) => Prop.ForAll(holds).Check(Settings(runs));

    public static void Check<T>(Arbitrary<T> values, Func<T, bool> holds, int runs = 200) =>
        Prop.ForAll(values, holds).Check(Settings(runs));

    private static Config Settings(int runs)
    {
        var config = Config.QuickThrowOnFailure.WithMaxTest(runs);
        return Environment.GetEnvironmentVariable("PROPERTY_SEED")?.Split(',') is [var a, var b]
            ? config.WithReplay(ulong.Parse(a), ulong.Parse(b))
            : config;
    }
}
