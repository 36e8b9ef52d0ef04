using Conclave.Http.Blocking;
using Conclave.Rpc.Grpc;

namespace Conclave.Http.Remote;

/// <summary>What a view is of, and in whose name.</summary>
internal readonly record struct ViewKey(StreamTopic Topic, string Service, string Token);

/// <summary>How a request got into a view: with an answer at once, or as one that waits.</summary>
internal readonly record struct ViewJoin(SharedView View, SharedBody? Body, Waiter? Waiter);
