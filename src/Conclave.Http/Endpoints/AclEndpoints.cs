using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/acl/</c> while access control is off: every path exists and says so.</summary>
public sealed class AclEndpoints : IEndpoints
{
    /// <inheritdoc/>
    public void Map(Router router)
    {
        const HttpVerbs Item = HttpVerbs.Get | HttpVerbs.Put | HttpVerbs.Delete;
        Add(router, HttpVerbs.Put, "bootstrap", "token", "policy", "role", "binding-rule", "auth-method", "create", "update", "destroy/", "clone/");
        Add(router, HttpVerbs.Post, "login", "logout", "rules/translate");
        Add(router, HttpVerbs.Get, "tokens", "policies", "roles", "binding-rules", "auth-methods", "replication", "list", "info/", "policy/name/", "role/name/", "rules/translate/");
        Add(router, Item, "token/", "policy/", "role/", "binding-rule/", "auth-method/");
        Add(router, HttpVerbs.Get, "token/self");
        router.Add("/v1/internal/acl/authorize", HttpVerbs.Post, Disabled);
    }

    private static void Add(Router router, HttpVerbs verbs, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths) router.Add("/v1/acl/" + path, verbs, Disabled);
    }

    private static ValueTask Disabled(ApiRequest request) => request.SendTextAsync(401, ErrorText.AclDisabled);
}
