using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Conclave.Hosting;

/// <summary>Makes the names in a folder durable. The base library opens files only, so this calls the C library.</summary>
internal static class DirectoryFlush
{
    private const int ReadOnlyMode = 0;

    public static void Flush(string folder)
    {
        int handle = open(folder, ReadOnlyMode);
        if (handle < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        try
        {
            if (fsync(handle) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
        finally
        {
            close(handle);
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fsync(int handle);

    [DllImport("libc")]
    private static extern int close(int handle);
}
