using Conclave.Http.Requests;
using Conclave.Node;

namespace Conclave.Http.Endpoints;

/// <summary>Conditions of <c>?filter=</c>.</summary>
internal static class RowFilter
{
    public static bool TryCompile<T>(ApiRequest request, INodeGateway gateway, out Predicate<T>? condition, out string error)
    {
        condition = null;
        error = "";
        if (request.Bytes(Param.Filter).Length == 0) return true;
        error = "Failed to create boolean expression evaluator: filters are not available";
        return false;
    }
}
