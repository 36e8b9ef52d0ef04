using System.Reflection;

namespace Conclave.Tests.House;

/// <summary>The public surface of each shipped assembly changes on purpose only: the text files beside this test change in the same commit.</summary>
public sealed class PublicSurfaceTests
{
    public static TheoryData<string> Assemblies => [.. Levels.ByProject.Keys.Where(project => project != "Conclave.Cli").Order()];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Public_surface_is_the_recorded_one(string assembly) =>
        Recorded.CompareFile($"tests/Conclave.House.Tests/PublicSurface/{assembly}.txt", PublicSurface.Of(Assembly.Load(assembly)));
}
