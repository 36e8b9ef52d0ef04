using Conclave.Node.Streaming;
using Conclave.Rpc.Grpc;

namespace Conclave.Http.Remote;

/// <summary>What a question is about when a subscription can answer it.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Service">Name of the service.</param>
public sealed record StreamQuestion(StreamTopic Topic, string Service);

/// <summary>Rows that come from a subscription.</summary>
/// <typeparam name="T">What a row is.</typeparam>
/// <param name="Question">What is subscribed to.</param>
/// <param name="RowsOf">Finds the rows of an answer.</param>
/// <param name="Wanted">What servers would have applied when they were asked: tags and metadata of nodes.</param>
public sealed record StreamedRows<T>(StreamQuestion Question, Func<ServiceRows, IReadOnlyList<T>> RowsOf, Predicate<T> Wanted);
