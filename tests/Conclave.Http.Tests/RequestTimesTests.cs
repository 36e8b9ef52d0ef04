using Conclave.Http.Server;

namespace Conclave.Http.Tests;

public sealed class RequestTimesTests
{
    [Theory]
    [InlineData("/v1/kv/", "v1.kv._")]
    [InlineData("/v1/agent/self", "v1.agent.self")]
    [InlineData("/v1/agent/check/pass/", "v1.agent.check.pass._")]
    public void Labels_of_paths_leave_out_whom_they_are_about(string pattern, string label) => Assert.Equal(label, RequestTimes.LabelOf(pattern));
}
