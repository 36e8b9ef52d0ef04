namespace Conclave.Node.Streaming;

/// <summary>What a message made of a view.</summary>
public enum ViewStep
{
    /// <summary>Nothing that readers could see.</summary>
    Nothing,

    /// <summary>There is something new: take it with <see cref="ServiceView.Publish"/>.</summary>
    Changed,

    /// <summary>It would be larger than it may be. It holds nothing any more.</summary>
    TooLarge,
}
