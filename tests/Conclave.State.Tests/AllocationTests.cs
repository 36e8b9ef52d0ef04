using System.Text;
using Conclave.Core.Model;

namespace Conclave.Tests.State;

/// <summary>Paths that promise to allocate nothing.</summary>
public sealed class AllocationTests
{
    [Fact]
    public void Reading_a_key_allocates_nothing()
    {
        var state = new StateFixture();
        for (var i = 0; i < 300; i++) state.Kv(KvOps.Set, "key/" + i, "value");
        var (found, missing, root) = (Encoding.UTF8.GetBytes("key/150"), Encoding.UTF8.GetBytes("key/none"), state.Root);
        Assert.Equal(0, Allocated(() =>
        {
            root.KvGet(found, null, out _);
            root.KvGet(missing, null, out _);
        }));
    }

    [Fact]
    public void Health_queries_allocate_nothing_but_the_callers_list()
    {
        var state = new StateFixture();
        for (var i = 0; i < 50; i++) state.Service("node" + i, "web" + i, "web", "check" + i);
        var (root, list) = (state.Root, new List<CheckServiceNode>(50));
        // One short text per query: the name of the service's index.
        Assert.InRange(Allocated(() =>
        {
            list.Clear();
            root.CheckServiceNodes("web", null, null, connect: false, null, list);
        }), 0, 100 * 64);
        Assert.Equal(50, list.Count);
    }

    private static long Allocated(Action action)
    {
        for (var i = 0; i < 50; i++) action();
        return Conclave.Tests.Allocation.Least(() =>
        {
            for (var i = 0; i < 100; i++) action();
        });
    }
}
