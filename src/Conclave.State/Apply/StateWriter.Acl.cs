using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>ACL tables: tokens, policies, roles, binding rules and authentication methods.</summary>
internal sealed partial class StateWriter
{
    private static readonly IndexName AclTokens = new("acl-tokens"), AclPolicies = new("acl-policies"), AclRoles = new("acl-roles");
    private static readonly IndexName AclBindingRules = new("acl-binding-rules"), AclAuthMethods = new("acl-auth-methods"), AclBootstrap = new("acl-token-bootstrap");

    public string? AclSet(ulong index, CommandType type, MsgPackMap body) => type switch
    {
        CommandType.AclTokenSet => SetTokens(index, body),
        CommandType.AclPolicySet => SetNamed(index, type, GenericTree.List(body, "Policies"), "A Policy", AclPolicies),
        CommandType.AclRoleSet => SetRoles(index, body),
        CommandType.AclBindingRuleSet => SetBindingRules(index, body),
        _ => SetAuthMethods(index, body),
    };

    public void AclDelete(ulong index, CommandType type, MsgPackMap body)
    {
        var (record, field, table) = type switch
        {
            CommandType.AclTokenDelete => (CommandType.AclTokenSet, "TokenIDs", AclTokens),
            CommandType.AclPolicyDelete => (CommandType.AclPolicySet, "PolicyIDs", AclPolicies),
            CommandType.AclRoleDelete => (CommandType.AclRoleSet, "RoleIDs", AclRoles),
            CommandType.AclBindingRuleDelete => (CommandType.AclBindingRuleSet, "BindingRuleIDs", AclBindingRules),
            _ => (CommandType.AclAuthMethodSet, "AuthMethodNames", AclAuthMethods),
        };
        foreach (var item in GenericTree.List(body, field))
        {
            var key = GenericTree.AsText(item);
            if (record == CommandType.AclAuthMethodSet) DropAuthMethodUsers(index, key);
            RemoveRecord(index, record, key, table);
        }
    }

    /// <summary>The first management token. Works once, or again with the index of the last time.</summary>
    public string? BootstrapAcl(ulong index, MsgPackMap body)
    {
        var last = IndexOf(AclBootstrap);
        var reset = GenericTree.Number(body, "ResetIndex");
        if (last > 0 && reset == 0) return "ACL bootstrap no longer allowed";
        if (last > 0 && reset != last) return "Invalid bootstrap reset index";
        if (GenericTree.Map(body, "Token") is not { } token) return "Bad ACL bootstrap token";
        if (SetToken(index, token, allowMissing: false) is { } refused) return refused;
        SetIndex(AclBootstrap, index);
        return null;
    }

    private string? SetTokens(ulong index, MsgPackMap body)
    {
        var (cas, allowMissing) = (GenericTree.Flag(body, "CAS"), GenericTree.Flag(body, "AllowMissingLinks"));
        foreach (var item in GenericTree.List(body, "Tokens"))
        {
            if (item is not MsgPackMap token) continue;
            if (cas && !RecordMatches(CommandType.AclTokenSet, GenericTree.Text(token, "AccessorID"), GenericTree.Number(token, "ModifyIndex"))) continue;
            if (SetToken(index, token, allowMissing) is { } refused) return refused;
        }
        return null;
    }

    private string? SetToken(ulong index, MsgPackMap token, bool allowMissing)
    {
        var accessor = GenericTree.Text(token, "AccessorID");
        if (GenericTree.Text(token, "SecretID").Length == 0) return "Missing ACL Token SecretID";
        if (accessor.Length == 0) return "Missing ACL Token AccessorID";
        if (RecordGet(CommandType.AclTokenSet, accessor) is { } existing && GenericTree.Text(existing.Fields, "SecretID") != GenericTree.Text(token, "SecretID"))
            return "The ACL Token SecretID field is immutable";
        if (NameLinks(token, "Policies", CommandType.AclPolicySet, "policy", allowMissing, out var withPolicies) is { } noPolicy) return noPolicy;
        if (NameLinks(withPolicies, "Roles", CommandType.AclRoleSet, "role", allowMissing, out var withRoles) is { } noRole) return noRole;
        if (GenericTree.Text(token, "AuthMethod") is { Length: > 0 } method && RecordGet(CommandType.AclAuthMethodSet, method) is null)
            return $"No such auth method with Name: {method}";
        SetRecord(index, CommandType.AclTokenSet, accessor, withRoles, AclTokens);
        return null;
    }

    private string? SetRoles(ulong index, MsgPackMap body)
    {
        var roles = new List<object?>();
        foreach (var item in GenericTree.List(body, "Roles"))
        {
            if (item is not MsgPackMap role) continue;
            if (NameLinks(role, "Policies", CommandType.AclPolicySet, "policy", GenericTree.Flag(body, "AllowMissingLinks"), out var linked) is { } refused) return refused;
            roles.Add(linked);
        }
        return SetNamed(index, CommandType.AclRoleSet, roles, "A Role", AclRoles);
    }

    private string? SetNamed(ulong index, CommandType type, IReadOnlyList<object?> items, string what, IndexName table)
    {
        foreach (var item in items)
        {
            if (item is not MsgPackMap fields) continue;
            var (id, name) = (GenericTree.Text(fields, "ID"), GenericTree.Text(fields, "Name"));
            if (id.Length == 0) return $"Missing {what[2..]} ID";
            if (name.Length == 0) return $"Missing {what[2..]} Name";
            foreach (var other in RecordsOf(type))
                if (GenericTree.Text(other.Fields, "Name") == name && GenericTree.Text(other.Fields, "ID") != id) return $"{what} with name {GoQuote.Quote(name)} already exists";
            SetRecord(index, type, id, fields, table);
        }
        return null;
    }

    private string? SetBindingRules(ulong index, MsgPackMap body)
    {
        foreach (var item in GenericTree.List(body, "BindingRules"))
        {
            if (item is not MsgPackMap rule) continue;
            var (id, method) = (GenericTree.Text(rule, "ID"), GenericTree.Text(rule, "AuthMethod"));
            if (id.Length == 0) return "Missing ACL Binding Rule ID";
            if (RecordGet(CommandType.AclAuthMethodSet, method) is null) return "failed inserting acl binding rule: auth method not found";
            SetRecord(index, CommandType.AclBindingRuleSet, id, rule, AclBindingRules);
        }
        return null;
    }

    private string? SetAuthMethods(ulong index, MsgPackMap body)
    {
        foreach (var item in GenericTree.List(body, "AuthMethods"))
        {
            if (item is not MsgPackMap method) continue;
            var name = GenericTree.Text(method, "Name");
            if (name.Length == 0) return "Missing ACL Auth Method Name";
            SetRecord(index, CommandType.AclAuthMethodSet, name, method, AclAuthMethods);
        }
        return null;
    }

    /// <summary>Binding rules and tokens of an authentication method go with it.</summary>
    private void DropAuthMethodUsers(ulong index, string method)
    {
        foreach (var rule in RecordsOf(CommandType.AclBindingRuleSet))
            if (GenericTree.Text(rule.Fields, "AuthMethod") == method) RemoveRecord(index, rule.Type, GenericTree.Text(rule.Fields, "ID"), AclBindingRules);
        foreach (var token in RecordsOf(CommandType.AclTokenSet))
            if (GenericTree.Text(token.Fields, "AuthMethod") == method) RemoveRecord(index, token.Type, GenericTree.Text(token.Fields, "AccessorID"), AclTokens);
    }

    /// <summary>Writes the present names into links by id; a link to nothing is an error, or dropped.</summary>
    private string? NameLinks(MsgPackMap owner, string field, CommandType type, string what, bool allowMissing, out MsgPackMap named)
    {
        named = owner;
        var links = GenericTree.List(owner, field);
        if (links.Count == 0) return null;
        var resolved = new List<object?>();
        foreach (var item in links)
        {
            if (item is not MsgPackMap link) continue;
            var id = GenericTree.Text(link, "ID");
            if (RecordGet(type, id) is { } target) resolved.Add(GenericTree.With(link, ("Name", TextValue(GenericTree.Text(target.Fields, "Name")))));
            else if (!allowMissing) return $"No such {what} with ID: {id}";
        }
        named = GenericTree.With(owner, (field, resolved.Count == 0 ? null : resolved));
        return null;
    }
}
