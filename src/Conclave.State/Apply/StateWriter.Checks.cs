using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Health checks.</summary>
internal sealed partial class StateWriter
{
    public HealthCheck? CheckGet(string node, string id) => _checks.Get(Keys.Of(stackalloc byte[Keys.Scratch], node, id));

    /// <summary>Adds or changes a check; an unchanged one keeps its index. A critical one ends the sessions bound to it, changed or not.</summary>
    public string? EnsureCheck(ulong index, HealthCheck request)
    {
        var existing = CheckGet(request.Node, request.CheckId);
        if (NodeByName(request.Node) is not { } node) return MissingNode;
        var check = request with
        {
            Status = request.Status.Length == 0 ? HealthStatus.Critical : request.Status,
            CreateIndex = existing?.CreateIndex ?? index,
            ModifyIndex = index,
        };
        if (check.ServiceId.Length > 0)
        {
            if (ServiceGet(check.Node, check.ServiceId) is not { } service) return MissingService;
            check = check with { ServiceName = service.Service, ServiceTags = service.Tags };
        }
        if (existing is null || !Sameness.Same(existing, check)) PutCheck(index, node, existing, check);
        if (check.Status == HealthStatus.Critical) EndSessionsOfCheck(index, check);
        return null;
    }

    /// <summary>As <see cref="EnsureCheck"/>, when the check's ModifyIndex is the one in the request (0: when there is none).</summary>
    public string? EnsureCheckCas(ulong index, HealthCheck check, out bool matched)
    {
        matched = (CheckGet(check.Node, check.CheckId)?.ModifyIndex ?? 0) == check.ModifyIndex;
        return matched ? EnsureCheck(index, check) : null;
    }

    /// <summary>Removes a check and ends the sessions bound to it.</summary>
    public void DeleteCheck(ulong index, string nodeName, string id)
    {
        if (CheckGet(nodeName, id) is not { } check) return;
        UnlinkCheck(check);
        _checks.Remove(Keys.Of(stackalloc byte[Keys.Scratch], nodeName, id));
        RefreshFor(index, NodeByName(nodeName), check);
        SetIndex(IndexName.Checks, index);
        EndSessionsOfCheck(index, check);
    }

    /// <summary>False when the check's ModifyIndex is another one, or there is no such check.</summary>
    public bool DeleteCheckCas(ulong index, string node, string id, ulong modifyIndex)
    {
        if (CheckGet(node, id) is not { } check || check.ModifyIndex != modifyIndex) return false;
        DeleteCheck(index, node, id);
        return true;
    }

    /// <summary>Puts a restored check back with its own indexes.</summary>
    public string? RestoreCheck(HealthCheck check)
    {
        if (NodeByName(check.Node) is not { } node) return $"check {GoQuote.Quote(check.CheckId)} is on unknown node {GoQuote.Quote(check.Node)}";
        PutCheck(check.ModifyIndex, node, CheckGet(check.Node, check.CheckId), check);
        return null;
    }

    private string? RegisterCheck(ulong index, string node, HealthCheck check)
    {
        if (check.Node != node) return $"check node {GoQuote.Quote(check.Node)} does not match node {GoQuote.Quote(node)}";
        return EnsureCheck(index, check) is { } refused ? $"failed inserting check: {refused} on node {GoQuote.Quote(check.Node)}" : null;
    }

    private void PutCheck(ulong index, NodeEntry node, HealthCheck? existing, HealthCheck check)
    {
        if (existing is not null) UnlinkCheck(existing);
        _checks.Put(Keys.Make(check.Node, check.CheckId), check);
        _checksByInstance.Put(Keys.Make(check.Node, check.ServiceId, check.CheckId), check);
        _checksByStatus.Put(Keys.Make(check.Status, check.Node, check.CheckId), check);
        if (check.ServiceName.Length > 0) _checksByService.Put(Keys.Make(check.ServiceName, check.Node, check.CheckId), check);
        _digest += RowHash.Of(check);
        // A check may move from one instance to another, or from the node to an instance.
        if (existing is not null && existing.ServiceId != check.ServiceId) RefreshFor(index, node, existing);
        RefreshFor(index, node, check);
        SetIndex(IndexName.Checks, index);
    }

    private void UnlinkCheck(HealthCheck check)
    {
        Span<byte> scratch = stackalloc byte[Keys.Scratch];
        _checksByInstance.Remove(Keys.Of(scratch, check.Node, check.ServiceId, check.CheckId));
        _checksByStatus.Remove(Keys.Of(scratch, check.Status, check.Node, check.CheckId));
        if (check.ServiceName.Length > 0) _checksByService.Remove(Keys.Of(scratch, check.ServiceName, check.Node, check.CheckId));
        _digest -= RowHash.Of(check);
    }

    private void RefreshFor(ulong index, NodeEntry? node, HealthCheck check)
    {
        if (check.ServiceId.Length > 0) RefreshService(check.Node, check.ServiceId, index);
        else if (node is not null) RefreshServicesOf(node, index);
    }
}
