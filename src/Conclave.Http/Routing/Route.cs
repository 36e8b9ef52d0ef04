using System.Text;
using Conclave.Http.Requests;

namespace Conclave.Http.Routing;

/// <summary>Answers one request. Called on a thread of the pool or of the socket transport: never block in it.</summary>
public delegate ValueTask RequestHandler(ApiRequest request);

/// <summary>One path, or all paths below one, and who answers it.</summary>
public sealed class Route
{
    /// <summary>Describes a route.</summary>
    /// <param name="pattern">Absolute path. With a trailing slash it stands for everything below (the rest of the path is an id, slashes included).</param>
    /// <param name="verbs">Methods that reach the handler; others get 405.</param>
    /// <param name="handler">Who answers.</param>
    public Route(string pattern, HttpVerbs verbs, RequestHandler handler)
    {
        Pattern = pattern;
        Verbs = verbs;
        Handler = handler;
        Allow = ListVerbs(verbs);
    }

    /// <summary>The path; ends with a slash when everything below belongs to the route.</summary>
    public string Pattern { get; }

    /// <summary>Methods that reach the handler.</summary>
    public HttpVerbs Verbs { get; }

    /// <summary>Value of the header <c>Allow</c>.</summary>
    public string Allow { get; }

    /// <summary>Who answers.</summary>
    public RequestHandler Handler { get; }

    private static string ListVerbs(HttpVerbs verbs)
    {
        var text = new StringBuilder("OPTIONS");
        ReadOnlySpan<HttpVerbs> order = [HttpVerbs.Get, HttpVerbs.Post, HttpVerbs.Put, HttpVerbs.Delete];
        foreach (var verb in order)
            if ((verbs & verb) != 0) text.Append(',').Append(verb.ToString().ToUpperInvariant());
        return text.ToString();
    }
}
