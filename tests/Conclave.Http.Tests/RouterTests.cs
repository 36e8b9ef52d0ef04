using System.Text;
using Conclave.Http.Routing;

namespace Conclave.Http.Tests;

public sealed class RouterTests
{
    private static readonly Router Routes = Build();

    [Theory]
    [InlineData("/v1/kv/a", "/v1/kv/", "a")]
    [InlineData("/v1/kv/a/b/", "/v1/kv/", "a/b/")]
    [InlineData("/v1/kv/", "/v1/kv/", "")]
    [InlineData("/v1/catalog/nodes", "/v1/catalog/nodes", "")]
    [InlineData("/v1/agent/service/register", "/v1/agent/service/register", "")]
    [InlineData("/v1/agent/service/register/x", "/v1/agent/service/", "register/x")]
    [InlineData("/v1/agent/service/web", "/v1/agent/service/", "web")]
    public void A_path_leads_to_the_most_specific_route(string path, string pattern, string rest)
    {
        var bytes = Encoding.UTF8.GetBytes(path);
        var match = Routes.Match(bytes);
        Assert.Equal(pattern, match.Route?.Pattern);
        Assert.False(match.NeedsSlash);
        Assert.Equal(rest, Encoding.UTF8.GetString(bytes.AsSpan(match.RestStart)));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1")]
    [InlineData("/v1/")]
    [InlineData("/v1/catalog/nodes/")]
    [InlineData("/v1/catalog/nodes/x")]
    [InlineData("/v2/kv/a")]
    [InlineData("/v1/kvx/a")]
    public void An_unknown_path_leads_nowhere(string path) => Assert.Null(Routes.Match(Encoding.UTF8.GetBytes(path)).Route);

    [Theory]
    [InlineData("/v1/kv")]
    [InlineData("/v1/agent/service")]
    public void A_prefix_without_its_slash_asks_for_it(string path) => Assert.True(Routes.Match(Encoding.UTF8.GetBytes(path)).NeedsSlash);

    [Fact]
    public void Two_routes_cannot_share_a_pattern() => Assert.Throws<ArgumentException>(() => Build().Add("/v1/kv/", HttpVerbs.Get, static _ => default));

    [Theory]
    [InlineData("/a/b", true)]
    [InlineData("/a/b/", true)]
    [InlineData("/", true)]
    [InlineData("/a//b", false)]
    [InlineData("//", false)]
    [InlineData("/a/./b", false)]
    [InlineData("/a/..", false)]
    [InlineData("/a/...", true)]
    [InlineData("a", false)]
    [InlineData("", false)]
    public void Empty_and_dot_segments_are_not_clean(string path, bool clean) => Assert.Equal(clean, PathText.IsClean(Encoding.UTF8.GetBytes(path)));

    [Theory]
    [InlineData("//v1/catalog/nodes", "/v1/catalog/nodes")]
    [InlineData("/v1//catalog/nodes", "/v1/catalog/nodes")]
    [InlineData("/v1/catalog/../status/leader", "/v1/status/leader")]
    [InlineData("/a/b/..", "/a")]
    [InlineData("/a/b/../", "/a/")]
    [InlineData("/../..", "/")]
    [InlineData("//", "/")]
    [InlineData("/a/./", "/a/")]
    public void Cleaning_resolves_segments_and_keeps_the_last_slash(string path, string clean) => Assert.Equal(clean, Encoding.UTF8.GetString(PathText.Clean(Encoding.UTF8.GetBytes(path))));

    [Theory]
    [InlineData("/a b", true)]
    [InlineData("/gr\u00fc\u00df/\u4f60", true)]
    [InlineData("/a\u0001", false)]
    [InlineData("/a\u007f", false)]
    [InlineData("/a\u200b", false)]
    [InlineData("/a\u00a0", false)]
    public void Only_printable_characters_pass(string path, bool printable) => Assert.Equal(printable, PathText.IsPrintable(Encoding.UTF8.GetBytes(path)));

    [Theory]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/a%20b+c", "/a b+c")]
    [InlineData("/a%e4%BD%A0", "/a\u4f60")]
    public void Escapes_are_decoded_once(string raw, string decoded)
    {
        var into = new byte[raw.Length];
        Assert.True(PathText.TryDecode(raw, into, out var length));
        Assert.Equal(decoded, Encoding.UTF8.GetString(into, 0, length));
    }

    [Theory]
    [InlineData("/a%")]
    [InlineData("/a%2")]
    [InlineData("/a%zz")]
    [InlineData("/a\u00fc")]
    public void A_malformed_escape_is_refused(string raw) => Assert.False(PathText.TryDecode(raw, new byte[raw.Length], out _));

    private static Router Build()
    {
        var router = new Router();
        foreach (var pattern in (string[])["/v1/kv/", "/v1/catalog/nodes", "/v1/agent/service/", "/v1/agent/service/register"]) router.Add(pattern, HttpVerbs.Get, static _ => default);
        return router;
    }
}
