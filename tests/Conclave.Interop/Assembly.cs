// Each test is a pool of several processes with timers: two at once keep each other waiting less than they keep each other from being on time.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
