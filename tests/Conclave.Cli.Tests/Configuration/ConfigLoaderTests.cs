using Conclave.Agent.Configuration;
using Conclave.Hosting.Configuration;

namespace Conclave.Cli.Tests.Configuration;

public sealed class ConfigLoaderTests
{
    private static AgentConfig Load(params string[] texts)
    {
        var loader = new ConfigLoader();
        for (var i = 0; i < texts.Length; i++) loader.Add(new ConfigSource($"c{i}.json", ConfigFormat.Json, texts[i]));
        return loader.Build();
    }

    private static string Error(params string[] texts) => Assert.Throws<ConfigException>(() => Load(texts)).Message;

    [Theory]
    [InlineData("")]
    [InlineData("  \n")]
    [InlineData("{}")]
    [InlineData("{}\n")]
    [InlineData("\uFEFF{}")]
    [InlineData("null")]
    public void Empty_files_are_legal(string text) => Assert.Equal(8500, Load(text).Ports.Http);

    [Fact]
    public void Later_files_win_and_lists_append()
    {
        var config = Load("""{"datacenter":"one","retry_join":["a"],"node_meta":{"x":"1","y":"1"}}""", """{"datacenter":"two","retry_join":["b"],"node_meta":{"y":"2"}}""");
        Assert.Equal("two", config.Datacenter);
        Assert.Equal(["a", "b"], config.Join.RetryJoin);
        Assert.Equal(["x=1", "y=2"], config.NodeMeta.Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Fact]
    public void Flags_win_over_files_and_their_list_items_come_first()
    {
        var loader = new ConfigLoader();
        loader.Set("ports.http", 1234L);
        loader.Set("retry_join", "flag");
        loader.Set("node_meta", KeyValuePair.Create("a", "b"));
        loader.Add(new ConfigSource("f.json", ConfigFormat.Json, """{"ports":{"http":99},"retry_join":["file"]}"""));
        var config = loader.Build();
        Assert.Equal(1234, config.Ports.Http);
        Assert.Equal(["flag", "file"], config.Join.RetryJoin);
        Assert.Equal("b", config.NodeMeta["a"]);
    }

    [Fact]
    public void Files_override_dev_mode()
    {
        var loader = new ConfigLoader { DevMode = true };
        loader.Add(new ConfigSource("f.json", ConfigFormat.Json, """{"log_level":"WARN","bootstrap":true,"server":true}"""));
        var config = loader.Load();
        Assert.Equal(LogLevels.Warn, config.Log.Level);
        Assert.True(config is { DevMode: true, Server: true, Bootstrap: true, InMemory: true });
    }

    [Fact]
    public void Explicit_null_means_absent()
    {
        var config = Load("""{"segments":null,"node_name":null,"ports":{"http":null},"acl":null,"service":null,"checks":null}""");
        Assert.Equal(8500, config.Ports.Http);
        Assert.NotEmpty(config.NodeName);
    }

    [Fact]
    public void Port_zero_is_the_default_and_minus_one_is_off()
    {
        var config = Load("""{"ports":{"http":0,"dns":-1}}""");
        Assert.Equal([new ListenAddress("127.0.0.1", 8500, false)], config.HttpListeners);
        Assert.Empty(config.DnsListeners);
    }

    [Fact]
    public void Http_may_listen_on_a_unix_socket_alone()
    {
        var config = Load("""{"addresses":{"http":"unix:///tmp/x.sock"}}""");
        Assert.Equal([new ListenAddress("/tmp/x.sock", 0, true)], config.HttpListeners);
    }

    [Fact]
    public void Unknown_keys_are_listed_with_their_path() =>
        Assert.Equal(
            "failed to parse c0.json: 3 errors occurred:\n\t* invalid config key foo\n\t* invalid config key ports.bar\n\t* invalid config key service.baz\n\n",
            Error("""{"foo":1,"ports":{"bar":2},"service":{"name":"x","baz":1}}"""));

    [Fact]
    public void A_single_unknown_key_is_one_error() =>
        Assert.Equal("failed to parse c0.json: 1 error occurred:\n\t* invalid config key foo\n\n", Error("""{"foo":1}"""));

    [Fact]
    public void Keys_match_without_regard_to_case() => Assert.Equal("x", Load("""{"Node_Name":"x"}""").NodeName);

    [Theory]
    [InlineData("""{"server":"yes"}""", "'server' expected type 'bool', got unconvertible type 'string'")]
    [InlineData("""{"ports":{"http":"x"}}""", "'ports.http' expected type 'int', got unconvertible type 'string'")]
    [InlineData("""{"session_ttl_min":"x"}""", "session_ttl_min: invalid duration: \"x\": time: invalid duration \"x\"")]
    [InlineData("""{"ports":7}""", "'ports' expected a map, got 'int'")]
    public void Wrong_types_name_the_key(string text, string expected) =>
        Assert.Equal($"failed to parse c0.json: 1 error(s) decoding:\n\n* {expected}", Error(text));

    [Theory]
    [InlineData("{\"a\":", "unexpected end of JSON input")]
    [InlineData("{\"a\" 1}", "invalid character '1' after object key")]
    [InlineData("{'a':1}", "invalid character '\\'' looking for beginning of object key string")]
    [InlineData("{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair")]
    [InlineData("{\"a\":nope}", "invalid character 'o' in literal null (expecting 'u')")]
    [InlineData("{} x", "invalid character 'x' after top-level value")]
    [InlineData("[]", "json: cannot unmarshal array into Go value of type map[string]interface {}")]
    [InlineData("// no comments\n{}", "invalid character '/' looking for beginning of value")]
    public void Malformed_json_is_explained_as_the_engine_explains_it(string text, string expected) =>
        Assert.Equal("failed to parse c0.json: " + expected, Error(text));

    [Fact]
    public void Deep_nesting_is_refused_not_overflowed() =>
        Assert.Equal("failed to parse c0.json: exceeded max depth", Error("{\"a\":" + new string('[', 100_000)));

    [Fact]
    public void Older_acl_names_are_translated_with_a_warning()
    {
        var config = Load("""{"acl_datacenter":"DC1","acl_master_token":"m","acl_default_policy":"allow","acl_down_policy":"deny","acl_token":"t","acl_agent_token":"a"}""");
        Assert.True(config.Acl.Enabled);
        Assert.Equal(("m", "t", "a"), (config.Acl.Tokens.InitialManagement, config.Acl.Tokens.Default, config.Acl.Tokens.Agent));
        Assert.Contains("The 'acl_token' field is deprecated. Use the 'acl.tokens.default' field instead.", config.Warnings);
    }

    [Fact]
    public void A_configuration_that_says_deny_is_not_served_openly() =>
        Assert.Contains("tokens are not checked yet", Error("""{"acl":{"enabled":true,"default_policy":"deny"}}"""));

    [Fact]
    public void Known_keys_without_effect_give_one_warning() =>
        Assert.Single(Load("""{"peering":{"enabled":true},"audit":null}""", """{"peering":{"enabled":false}}""").Warnings, line => line.Contains("peering"));

    [Fact]
    public void Service_definitions_take_both_spellings()
    {
        var config = Load("""
            {"service":{"Name":"web","port":80,"tags":["a"],"meta":{"k":"v"},"enable_tag_override":true,"weights":{"passing":2},
              "check":{"args":["true"],"Interval":"10s","DeregisterCriticalServiceAfter":"90m","header":{"X":["1","2"]}},
              "checks":[{"ttl":"15s"},{"http":"http://x","interval":"5s","timeout":"1s","tls_skip_verify":true}]},
             "services":[{"name":"db"}],"check":{"id":"mem","name":"mem","ttl":"1m"}}
            """);
        Assert.Equal(["web", "db"], config.Services.Select(service => service.Name));
        var web = config.Services[0];
        Assert.Equal((80, true, 2, 3), (web.Port, web.EnableTagOverride, web.Weights!.Value.Passing, web.Checks.Count));
        Assert.Equal(TimeSpan.FromMinutes(90), web.Checks[0].DeregisterCriticalServiceAfter);
        Assert.Equal(["1", "2"], web.Checks[0].Header!["X"]);
        Assert.Equal(TimeSpan.FromMinutes(1), Assert.Single(config.Checks).Ttl);
    }

    [Fact]
    public void Watches_keep_their_parameters()
    {
        var watch = Assert.Single(Load("""{"watches":[{"type":"key","key":"foo/bar","args":["/bin/x"]}]}""").Watches);
        Assert.Equal(("key", "foo/bar", "/bin/x"), (watch.Type, watch.Parameters["key"][0], watch.Args[0]));
    }

    [Theory]
    [InlineData("{}", "data_dir cannot be empty")]
    [InlineData("""{"data_dir":"d","datacenter":"Bad_DC!"}""", "datacenter can only contain lowercase alphanumeric, - or _ characters. received: \"bad_dc!\"")]
    [InlineData("""{"data_dir":"d","encrypt":"bad"}""", "encrypt has invalid key: illegal base64 data at input byte 0")]
    [InlineData("""{"data_dir":"d","node_id":"zzz"}""", "failed to setup node ID: specified NodeID is invalid: uuid string is wrong length")]
    [InlineData("""{"data_dir":"d","server":true,"bootstrap_expect":-1}""", "bootstrap_expect cannot be -1. Must be greater than or equal to zero")]
    [InlineData("""{"data_dir":"d","server":true,"bootstrap":true,"bootstrap_expect":3}""", "'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive")]
    [InlineData("""{"data_dir":"d","server":true,"raft_protocol":2}""", "raft_protocol version 2 is not supported by this version of Consul")]
    public void Bad_settings_are_refused_in_the_engines_words(string text, string expected)
    {
        var loader = new ConfigLoader();
        loader.Add(new ConfigSource("c.json", ConfigFormat.Json, text));
        Assert.Equal(expected, Assert.Throws<ConfigException>(loader.Load).Message);
    }

    [Fact]
    public void All_problems_are_listed_at_once() =>
        Assert.Equal(3, new AgentConfig { NodeName = "n", Datacenter = "X", Encrypt = "bad" }.Validate().Count);

    [Fact]
    public void Secrets_do_not_print()
    {
        var config = Load("""{"encrypt":"SECRET","acl":{"tokens":{"agent":"SECRET"}},"service":{"name":"x","token":"SECRET"}}""");
        Assert.DoesNotContain("SECRET", $"{config} {config.Acl} {config.Services[0]}");
    }

    [Fact]
    public void Every_flag_names_a_key() => Assert.All(AgentFlags.All, flag => Assert.Equal(flag.Name, ConfigKeys.Find(flag.KeyPath)!.Flag));

    [Fact]
    public void Every_key_is_listed_once_with_its_status()
    {
        Assert.True(ConfigKeys.All.Count > 250);
        Assert.Equal(ConfigKeys.All.Count, ConfigKeys.All.Select(key => key.Path).Distinct().Count());
    }
}
