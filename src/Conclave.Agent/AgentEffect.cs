using Conclave.Agent.Configuration;
using Conclave.Agent.Sync;
using Conclave.Core.Model;

namespace Conclave.Agent;

/// <summary>Something the local agent's core wants done. Carried out in order by the owner.</summary>
public abstract record AgentEffect;

/// <summary>Run a check; answer with <see cref="AgentCore.OnProbeDone"/>, always.</summary>
/// <param name="RunId">Number of the run.</param>
/// <param name="Check">What to run.</param>
/// <param name="OutputMax">Most bytes of output worth keeping.</param>
public sealed record RunProbe(long RunId, CheckDefinition Check, int OutputMax) : AgentEffect;

/// <summary>The result of a run is no longer wanted; an answer may still come.</summary>
/// <param name="RunId">Number of the run.</param>
public sealed record CancelProbe(long RunId) : AgentEffect;

/// <summary>Write to the catalog; answer with <see cref="AgentCore.OnSyncDone"/>, always.</summary>
/// <param name="Operation">What to write.</param>
public sealed record WriteCatalog(SyncOperation Operation) : AgentEffect;

/// <summary>Read what the catalog holds for this node; answer with <see cref="AgentCore.OnCatalogRead"/> or <see cref="AgentCore.OnCatalogReadFailed"/>.</summary>
public sealed record ReadCatalog : AgentEffect;

/// <summary>Keep a service registration.</summary>
/// <param name="Service">The service.</param>
/// <param name="Token">Its token; secret.</param>
public sealed record SaveService(NodeService Service, string Token) : AgentEffect;

/// <summary>Forget a service registration.</summary>
/// <param name="ServiceId">Which.</param>
public sealed record ForgetService(string ServiceId) : AgentEffect;

/// <summary>Keep a check registration.</summary>
/// <param name="Check">The check.</param>
/// <param name="Definition">How it is run; null for maintenance.</param>
/// <param name="Token">Its token; secret.</param>
public sealed record SaveCheck(HealthCheck Check, CheckDefinition? Definition, string Token) : AgentEffect;

/// <summary>Forget a check registration and its state.</summary>
/// <param name="CheckId">Which.</param>
public sealed record ForgetCheck(string CheckId) : AgentEffect;

/// <summary>Keep the state of a TTL check. May be written late: the newest state of a check replaces older ones that wait.</summary>
/// <param name="CheckId">Which.</param>
/// <param name="Status">Its status.</param>
/// <param name="Output">Its output.</param>
/// <param name="Ttl">For how long the state is worth restoring.</param>
public sealed record SaveCheckState(string CheckId, string Status, string Output, TimeSpan Ttl) : AgentEffect;

/// <summary>Write a log line.</summary>
/// <param name="Level">How important.</param>
/// <param name="Message">Text with <c>key=value</c> parts, without secrets.</param>
public sealed record WriteLog(LogLevels Level, string Message) : AgentEffect;
