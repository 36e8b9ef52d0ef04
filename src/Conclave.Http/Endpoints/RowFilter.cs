using Conclave.Http.Requests;
using Conclave.Node.Filters;

namespace Conclave.Http.Endpoints;

/// <summary>Conditions of <c>?filter=</c>.</summary>
public static class RowFilter
{
    /// <summary>Reads the request's filter. False when it is malformed: <paramref name="error"/> is the text for a 500 answer, as the compatible server sends it.</summary>
    public static bool TryCompile<T>(ApiRequest request, FilterSchema<T> schema, out Predicate<T>? condition, out string error)
    {
        condition = null;
        error = "";
        if (request.Bytes(Param.Filter).Length == 0) return true;
        try
        {
            var filter = FilterCompiler.Compile(request.Text(Param.Filter), schema);
            if (!filter.IsEverything) condition = row => filter.Matches(row);
            return true;
        }
        catch (FilterException refused)
        {
            error = refused.Message;
            return false;
        }
    }
}
