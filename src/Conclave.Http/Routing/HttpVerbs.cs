namespace Conclave.Http.Routing;

/// <summary>Methods a route answers.</summary>
[Flags]
public enum HttpVerbs : byte
{
    /// <summary>None that the API uses.</summary>
    None = 0,
    /// <summary>GET.</summary>
    Get = 1,
    /// <summary>POST.</summary>
    Post = 2,
    /// <summary>PUT.</summary>
    Put = 4,
    /// <summary>DELETE.</summary>
    Delete = 8,
    /// <summary>HEAD; no route answers it.</summary>
    Head = 16,
    /// <summary>OPTIONS; answered by the front end for each route.</summary>
    Options = 32,
}
