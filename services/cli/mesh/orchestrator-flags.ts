/**
 * What Node is told for an orchestrator, and the image tells it as well. V8 collects the whole heap whenever a few MiB
 * have been allocated beyond what the last collection left, buffers included: after a quiet spell that is 12 times a
 * second under load, and a quarter of the throughput. From 128 MiB on it does so; an idle orchestrator takes no more.
 */
export const ORCHESTRATOR_FLAGS: readonly string[] = ['--initial-heap-size=128'];
