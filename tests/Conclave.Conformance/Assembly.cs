// Most of a case's time is waiting, so more servers are played against at once than there are processors.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
