namespace Conclave.Load.Scenarios;

/// <summary>A folder on the disk to be measured, gone at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(LoadOptions options) =>
        Path = Directory.CreateDirectory(System.IO.Path.Combine(options.Data, $"conclave-load-{Guid.NewGuid():N}")).FullName;

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
