using Conclave.Agent.Configuration;
using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Agent.Tests;

/// <summary>A core with a clock in the hand and a catalog that does at once what it is told.</summary>
internal sealed class AgentFixture
{
    public AgentFixture(Func<AgentCoreOptions, AgentCoreOptions>? change = null, bool connected = true)
    {
        var options = new AgentCoreOptions { Identity = new() { NodeName = "n1", NodeId = "11111111-2222-3333-4444-555555555555" } };
        Core = new(change?.Invoke(options) ?? options, new Prng(7), Now);
        if (connected) Settle();
    }

    public AgentCore Core { get; }

    public Instant Now { get; private set; } = new(1_000_000_000);

    /// <summary>What the catalog holds.</summary>
    public FakeCatalog Catalog { get; } = new();

    /// <summary>Effects other than catalog traffic, oldest first.</summary>
    public List<AgentEffect> Seen { get; } = [];

    /// <summary>Answers given to catalog writes instead of doing them; null when they work.</summary>
    public string? WriteError { get; set; }

    public List<string> Log { get; } = [];

    public int Writes { get; private set; }

    public HealthCheck Check(string id)
    {
        var all = new List<HealthCheck>();
        Core.ListChecks(all);
        return all.Single(check => check.CheckId == id);
    }

    public IReadOnlyList<string> CheckIds()
    {
        var all = new List<HealthCheck>();
        Core.ListChecks(all);
        return [.. all.Select(check => check.CheckId).Order(StringComparer.Ordinal)];
    }

    public AgentOutcome Register(ServiceDefinition service, bool replace = false)
    {
        var outcome = Core.RegisterService(service, replace, fromConfig: false, Now);
        Settle();
        return outcome;
    }

    public AgentOutcome Register(CheckDefinition check)
    {
        var outcome = Core.RegisterCheck(check, fromConfig: false, Now);
        Settle();
        return outcome;
    }

    public void Report(string checkId, string status, string output = "")
    {
        Assert.True(Core.UpdateTtlCheck(checkId, status, output, Now).IsOk);
        Settle();
    }

    /// <summary>Lets time pass; everything that comes due on the way happens at its own time.</summary>
    public void Advance(TimeSpan span)
    {
        var end = Now + span;
        while (Core.NextWake <= end)
        {
            if (Core.NextWake > Now) Now = Core.NextWake;
            Settle();
        }
        Now = end;
        Settle();
    }

    /// <summary>Carries out effects until there are none.</summary>
    public void Settle()
    {
        Core.Tick(Now);
        while (Core.Effects.Count > 0)
        {
            AgentEffect[] effects = [.. Core.Effects];
            Core.Effects.Clear();
            foreach (var effect in effects) CarryOut(effect);
            Core.Tick(Now);
        }
    }

    private void CarryOut(AgentEffect effect)
    {
        switch (effect)
        {
            case ReadCatalog when WriteError is not null:
                Core.OnCatalogReadFailed(Now);
                break;
            case ReadCatalog:
                Core.OnCatalogRead(Catalog.Node, [.. Catalog.Services.Values], [.. Catalog.Checks.Values], Now);
                break;
            case WriteCatalog write:
                Writes++;
                Core.OnSyncDone(write.Operation, WriteError ?? Catalog.Apply(write.Operation), Now);
                break;
            case WriteLog log:
                Log.Add(log.Message);
                break;
            default:
                Seen.Add(effect);
                break;
        }
    }
}
