using System.Reflection;
using Conclave.Conformance.Player;

namespace Conclave.Conformance;

/// <summary><c>docs/compatibility.md</c> promises nothing that no test proves.</summary>
public sealed class CompatibilityDocumentTests
{
    [Fact]
    public void Every_line_of_the_client_contract_has_a_proof_that_exists()
    {
        var proofs = CompatibilityDocument.Rows("The JVM client contract").Select(cells => cells[1]).ToList();
        Assert.NotEmpty(proofs);
        Assert.All(proofs, proof => Assert.True(Exists(proof), $"{proof} is neither a recorded case that is served nor a test."));
    }

    [Fact]
    public void Every_recorded_case_of_the_client_is_named()
    {
        var named = CompatibilityDocument.Rows("The JVM client contract").Select(cells => cells[1]);
        var recorded = ConformanceCase.All.Values.Where(one => one.Area == "genesis").Select(one => one.Id);
        Assert.Empty(recorded.Except(named));
    }

    private static bool Exists(string proof)
    {
        if (proof.Contains('/')) return ConformanceCase.All.ContainsKey(proof) && !NotServed.Cases.Contains(proof);
        return proof.Split('.') is [var type, var method]
            && Assembly.GetExecutingAssembly().GetTypes().SingleOrDefault(candidate => candidate.Name == type)?.GetMethod(method) is not null;
    }
}
