namespace Conclave.Http.Server;

/// <summary>Error texts that several endpoints share, in the compatible server's wording.</summary>
internal static class ErrorText
{
    public const string NoPath = "No path to datacenter";
    public const string NoLeader = "No cluster leader";
    public const string AclDisabled = "ACL support disabled";
}
