using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Conclave.Simulation.Cluster;

namespace Conclave.Cluster;

/// <summary>What clients saw of three servers that are killed, stopped and cut off, judged by the checker that judges simulated histories.</summary>
public sealed class LinearizabilityTests
{
    private const int Rounds = 6, Keys = 4, ClientsPerKey = 3;

    // Each third operation waits in vain for a leader that does not answer.
    private const int InPeace = 25, WithoutLeader = 10;

    [Fact]
    public async Task Default_and_consistent_reads_and_compare_and_set_are_linearizable_while_leaders_die_stand_still_and_are_cut_off()
    {
        await using var cluster = await ServerCluster.StartWithCuttableLinesAsync();
        int known = 0;
        for (int round = 0; round < Rounds; round++)
        {
            using var stop = new CancellationTokenSource();
            var histories = Enumerable.Range(0, Keys).Select(key => new History(cluster, $"register/{round}/{key}")).ToArray();
            var clients = histories.SelectMany(history => Enumerable.Range(0, ClientsPerKey).Select(client => history.RunAsync(client, stop.Token))).ToArray();
            await DisturbAsync(cluster, histories, (Disturbance)(round % 3));
            await stop.CancelAsync();
            await Task.WhenAll(clients);
            foreach (var history in histories) known += history.Judge();
        }
        TestContext.Current.SendDiagnosticMessage("{0} operations with a known outcome were judged", known);
    }

    private enum Disturbance
    {
        Kill,
        Pause,
        CutOff,
    }

    private static async Task DisturbAsync(ServerCluster cluster, History[] histories, Disturbance disturbance)
    {
        await ProgressAsync(cluster, histories);
        var leader = await cluster.LeaderAsync();
        if (disturbance == Disturbance.Kill) await leader.KillAsync();
        else if (disturbance == Disturbance.Pause) leader.Pause();
        else cluster.CutOff(leader);
        try
        {
            await ProgressAsync(cluster, histories, WithoutLeader);     // the others have elected somebody
        }
        finally
        {
            if (disturbance == Disturbance.Kill) leader.Start(cluster.Join);
            else if (disturbance == Disturbance.Pause) leader.Resume();
            else cluster.Heal();
        }
        await ProgressAsync(cluster, histories);
        await cluster.WaitAsync("the server to be back", async () => await cluster.LeaderAsync(leader) is not null);
        await ProgressAsync(cluster, histories);
    }

    private static async Task ProgressAsync(ServerCluster cluster, History[] histories, int operations = InPeace)
    {
        int[] before = [.. histories.Select(static history => history.Known)];
        await cluster.WaitAsync("answers", () => Task.FromResult(Enumerable.Range(0, histories.Length).All(i => histories[i].Known >= before[i] + operations)));
    }

    /// <summary>The operations on one key. Each value is written once, so that its index stands for it in a compare-and-set.</summary>
    private sealed class History(ServerCluster cluster, string key)
    {
        private readonly ConcurrentQueue<RegisterOperation> _operations = [];
        private int _lastValue, _known;

        public int Known => Volatile.Read(ref _known);

        public async Task RunAsync(int client, CancellationToken stop)
        {
            var random = new Random(client);
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                var server = cluster[(client + i) % 3];
                switch (random.Next(4))
                {
                    case 0: await WriteAsync(server, client); break;
                    case 1: await CompareAndSetAsync(server, client); break;
                    case 2: await ReadAsync(server, client, ""); break;
                    default: await ReadAsync(server, client, "?consistent"); break;
                }
            }
        }

        /// <summary>Fails when the operations have no order; gives how many were judged.</summary>
        public int Judge()
        {
            var verdict = Linearizability.Judge(_operations);
            if (verdict == Verdict.Wrong) Assert.Fail($"{key}:\n{string.Join('\n', _operations.OrderBy(static operation => operation.Invoked))}");
            Assert.Equal(Verdict.Linearizable, verdict);
            return Known;
        }

        private async Task WriteAsync(ServerProcess server, int client)
        {
            var operation = new RegisterOperation { Kind = RegisterKind.Write, Client = client, Invoked = Stopwatch.GetTimestamp(), Value = Interlocked.Increment(ref _lastValue) };
            await PutAsync(server, operation, "");
        }

        private async Task CompareAndSetAsync(ServerProcess server, int client)
        {
            if (await ReadAsync(server, client, "?consistent") is not { } seen) return;
            var operation = new RegisterOperation { Kind = RegisterKind.CompareAndSet, Client = client, Invoked = Stopwatch.GetTimestamp(), Expected = seen.Value, Value = Interlocked.Increment(ref _lastValue) };
            await PutAsync(server, operation, $"?cas={seen.Index}");
        }

        private async Task<(long Value, ulong Index)?> ReadAsync(ServerProcess server, int client, string query)
        {
            var operation = new RegisterOperation { Kind = RegisterKind.Read, Client = client, Invoked = Stopwatch.GetTimestamp() };
            if (await cluster.TrySendAsync(server, HttpMethod.Get, $"/v1/kv/{key}{query}") is not { } answer || answer.Status is not (HttpStatusCode.OK or HttpStatusCode.NotFound)) return null;
            var entry = answer.Status == HttpStatusCode.OK ? JsonNode.Parse(answer.Text)![0]! : null;
            operation.Value = entry is null ? 0 : long.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(entry["Value"]!.GetValue<string>())), CultureInfo.InvariantCulture);
            _operations.Enqueue(operation);
            End(operation);
            return (operation.Value, entry?["ModifyIndex"]!.GetValue<ulong>() ?? 0);
        }

        private async Task PutAsync(ServerProcess server, RegisterOperation operation, string query)
        {
            var answer = await cluster.TrySendAsync(server, HttpMethod.Put, $"/v1/kv/{key}{query}", Encoding.UTF8.GetBytes(operation.Value.ToString(CultureInfo.InvariantCulture)));
            if (answer is { Status: ServerCluster.NobodyListens }) return;
            _operations.Enqueue(operation);
            if (answer is not { Status: HttpStatusCode.OK } known) return;      // nobody knows what became of it
            operation.Succeeded = known.Text == "true";
            End(operation);
        }

        private void End(RegisterOperation operation)
        {
            operation.Returned = Stopwatch.GetTimestamp();
            Interlocked.Increment(ref _known);
        }
    }
}
