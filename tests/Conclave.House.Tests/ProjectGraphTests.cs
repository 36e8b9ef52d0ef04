using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Conclave.Tests.House;

/// <summary>Dependencies point down, and the lower levels stay free of I/O, time and chance.</summary>
public sealed class ProjectGraphTests
{
    private static IEnumerable<string> Shipped => Repository.Projects.Where(project => project.StartsWith("src/", StringComparison.Ordinal));

    private static IEnumerable<string> Cores => Levels.ByProject.Where(pair => pair.Value <= 3).Select(pair => pair.Key);

    [Fact]
    public void Every_shipped_project_has_a_level_in_the_architecture_document() =>
        Assert.Equal(Shipped.Select(Repository.NameOf).Order(), Levels.ByProject.Keys.Order());

    [Fact]
    public void References_point_to_lower_levels_only()
    {
        var upwards = from project in Shipped
                      from reference in Repository.ReferencesOf(project)
                      where Levels.ByProject[reference] >= Levels.ByProject[Repository.NameOf(project)]
                      select $"{project} -> {reference}";
        Assert.Empty(upwards);
    }

    [Fact]
    public void Core_projects_carry_the_analyzer_and_the_banned_list()
    {
        var props = XDocument.Parse(Repository.Read("Directory.Build.props"));
        var condition = props.Descendants("IsCore").Single().Parent!.Attribute("Condition")!.Value;
        Assert.All(Cores, project => Assert.Contains($"'{project}'", condition));

        var items = props.Descendants("ItemGroup").Single(group => group.Attribute("Condition")?.Value == "'$(IsCore)' == 'true'");
        Assert.Equal("Microsoft.CodeAnalysis.BannedApiAnalyzers", items.Element("PackageReference")!.Attribute("Include")!.Value);
        Assert.EndsWith("src/BannedSymbols.txt", items.Element("AdditionalFiles")!.Attribute("Include")!.Value);
        Assert.Contains("dotnet_diagnostic.RS0030.severity = error", Repository.Read(".editorconfig"));
    }

    [Fact]
    public void No_project_or_source_switches_the_banned_list_off()
    {
        var offenders = Repository.Files.Where(file => file.StartsWith("src/", StringComparison.Ordinal))
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) || file.EndsWith(".csproj", StringComparison.Ordinal) || file.EndsWith(".editorconfig", StringComparison.Ordinal))
            .Where(file => Repository.Read(file) is var text && (text.Contains("RS0030") || text.Contains("IsCore")));
        Assert.Empty(offenders);
    }

    /// <summary>Looks at what was really compiled, so that a mistake in the analyzer's set-up cannot hide a clock.</summary>
    [Fact]
    public void Compiled_cores_use_no_member_of_a_banned_type()
    {
        var banned = Repository.Read("src/BannedSymbols.txt").Split('\n')
            .Where(line => line.StartsWith("T:", StringComparison.Ordinal))
            .Select(line => line[2..line.IndexOf(';')])
            .ToHashSet();
        Assert.NotEmpty(banned);
        var found = from project in Cores
                    from member in MembersUsedBy(Path.Combine(AppContext.BaseDirectory, project + ".dll"))
                    where banned.Contains(member.Type) && member.Name != UsedByIterators
                    select $"{project}: {member.Type}.{member.Name}";
        Assert.Empty(found);
    }

    // The compiler writes it into every method that yields.
    private const string UsedByIterators = "get_CurrentManagedThreadId";

    private static List<(string Type, string Name)> MembersUsedBy(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var members = metadata.MemberReferences
            .Select(metadata.GetMemberReference)
            .Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member => (NameOf(metadata, (TypeReferenceHandle)member.Parent), metadata.GetString(member.Name)));
        // Members of generic types stand in signatures; their types are enough.
        var generic = metadata.TypeReferences.Select(type => NameOf(metadata, type)).Where(name => name.Contains('`')).Select(name => (name, ""));
        return [.. members, .. generic];
    }

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }
}
