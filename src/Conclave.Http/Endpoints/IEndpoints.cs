using Conclave.Http.Routing;

namespace Conclave.Http.Endpoints;

/// <summary>The endpoints of one kind of resource.</summary>
public interface IEndpoints
{
    /// <summary>Adds the routes. Called once, before the listeners open.</summary>
    void Map(Router router);
}
