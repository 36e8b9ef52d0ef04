namespace Conclave.Hosting.Configuration;

/// <summary>Reads configuration files and folders in the order that decides which setting wins.</summary>
public static class ConfigFiles
{
    /// <summary>Largest file read.</summary>
    private const long FileBytesMax = 16 * 1024 * 1024;

    /// <summary>Reads a file, or the <c>.json</c> and <c>.hcl</c> files directly in a folder in the order of their names.</summary>
    /// <param name="path">File or folder.</param>
    /// <param name="format"><c>json</c> or <c>hcl</c> for all files whatever their name; empty to go by the extension.</param>
    /// <param name="warn">Gets a line for each file that is skipped.</param>
    /// <exception cref="ConfigException">Something cannot be read.</exception>
    public static IReadOnlyList<ConfigSource> Read(string path, string format, Action<string> warn)
    {
        if (!Directory.Exists(path)) return ReadFile(path, format, warn) is { } single ? [single] : [];
        var sources = new List<ConfigSource>();
        foreach (var file in FilesOf(path))
            if (ReadFile(file, format, warn) is { } source) sources.Add(source);
        return sources;
    }

    private static string[] FilesOf(string folder)
    {
        try
        {
            var files = Directory.GetFiles(folder);
            Array.Sort(files, StringComparer.Ordinal);
            return files;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"config: Readdir failed on {folder}. {Reason("open", folder, error)}");
        }
    }

    private static ConfigSource? ReadFile(string path, string format, Action<string> warn)
    {
        var extension = format.Length > 0 ? format : Path.GetExtension(path).TrimStart('.');
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (extension is not ("json" or "hcl"))
            {
                warn($"skipping file {path}, extension must be .hcl or .json, or config format must be set");
                return null;
            }
            if (file.CanSeek && file.Length > FileBytesMax) throw new ConfigException($"config: failed to read {path}: larger than {FileBytesMax} bytes");
            using var reader = new StreamReader(file);
            return new ConfigSource(path, extension == "json" ? ConfigFormat.Json : ConfigFormat.Hcl, reader.ReadToEnd());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"config: Open failed on {path}. {Reason("open", path, error)}");
        }
    }

    /// <summary>An I/O error in the usual words of the system (<c>open x: no such file or directory</c>).</summary>
    public static string Reason(string verb, string path, Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => $"{verb} {path}: no such file or directory",
        UnauthorizedAccessException => $"{verb} {path}: {(Directory.Exists(path) ? "is a directory" : "permission denied")}",
        _ => $"{verb} {path}: {error.Message}",
    };
}
