using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// The note that tells the operator about <c>peers.json</c>. It is also a safety catch: a list that was there before the note may be a leftover of an old program that kept one all
/// the time, so it must not be carried out.
/// </summary>
internal static class PeersInfo
{
    private static ReadOnlySpan<byte> Text =>
        """
        Most of the servers are lost and no leader can be elected any more? Then this folder is where you
        tell the servers that are left who they are now. While there is a leader, do not do this: use
        "operator raft remove-peer" instead.

         1. Stop every server that is left.
         2. On each of them, put a file named peers.json into this folder. It lists all servers that shall
            form the cluster from now on, and must be the same everywhere:

            [
              { "id": "11111111-aaaa-4aaa-8aaa-111111111111", "address": "192.0.2.1:8300" },
              { "id": "22222222-bbbb-4bbb-8bbb-222222222222", "address": "192.0.2.2:8300", "non_voter": true }
            ]

            "id" is the node id (the file node-id in the server's data folder), "address" is the address and
            port of the server protocol. "non_voter" may be left out. The short form with addresses alone
            is understood as well, all of them vote: ["192.0.2.1:8300", "192.0.2.2:8300"]

         3. Start the servers, in any order. They wait for each other, 10 seconds for each that is not heard of,
            so that the one that knows most can lead. What a server that comes later knew alone is lost.

        A server reads the file once, at its start, keeps all entries of its log, those too that were never
        confirmed by a majority, makes the listed servers its configuration and deletes the file. When the
        file has a mistake, the server says so and does not start.

        Keep this file: as long as it is missing, a peers.json is deleted without being read.

        """u8;

    /// <summary>Where the note is missing, removes a list that is there and writes the note. Durable when it returns. True when a list was removed.</summary>
    public static bool Ensure(IDisk disk, IReadOnlyList<string> names)
    {
        if (names.Contains(NameOf(DiskLayout.PeersInfo))) return false;
        // The list goes first: were the note there and the list too, the next start would carry it out.
        bool hadList = names.Contains(NameOf(DiskLayout.PeersJson));
        if (hadList) Remove(disk);
        DurableFile.Replace(disk, DiskLayout.Raft, DiskLayout.PeersInfo, Text);
        return hadList;
    }

    /// <summary>Removes the list, durably.</summary>
    public static void Remove(IDisk disk)
    {
        disk.Delete(DiskLayout.PeersJson);
        disk.FlushDirectory(DiskLayout.Raft);
    }

    /// <summary>Name of one of the two files in the folder <see cref="DiskLayout.Raft"/>.</summary>
    public static string NameOf(string path) => path[(DiskLayout.Raft.Length + 1)..];
}
