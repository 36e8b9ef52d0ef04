using System.Text;
using Conclave.Hosting.Configuration;

namespace Conclave.Cli.Commands;

/// <summary>An argument that is data itself, <c>@file</c>, or <c>-</c> for standard input.</summary>
internal static class DataArgument
{
    /// <exception cref="ConfigException">The file or input cannot be read.</exception>
    public static async Task<byte[]> ReadAsync(CommandIo io, string argument, CancellationToken stop)
    {
        try
        {
            if (argument is ['@', .. var file]) return await File.ReadAllBytesAsync(io.PathOf(file), stop).ConfigureAwait(false);
            if (argument != "-") return Encoding.UTF8.GetBytes(argument);
            using var buffer = new MemoryStream();
            using var input = io.OpenInput();
            await input.CopyToAsync(buffer, stop).ConfigureAwait(false);
            return buffer.ToArray();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException(argument == "-"
                ? $"Failed to read stdin: {error.Message}"
                : $"Failed to read file: {ConfigFiles.Reason("open", argument[1..], error)}");
        }
    }
}
