namespace Conclave.Rpc.Grpc;

/// <summary>How a gRPC call ended, by the number in its trailer.</summary>
public enum GrpcStatus
{
#pragma warning disable CS1591 // Names of the protocol.
    Ok = 0, Cancelled = 1, Unknown = 2, InvalidArgument = 3, DeadlineExceeded = 4, NotFound = 5, AlreadyExists = 6, PermissionDenied = 7, ResourceExhausted = 8,
    FailedPrecondition = 9, Aborted = 10, OutOfRange = 11, Unimplemented = 12, Internal = 13, Unavailable = 14, DataLoss = 15, Unauthenticated = 16,
#pragma warning restore CS1591
}
