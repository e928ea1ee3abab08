/**
 * What Node is told for an orchestrator, and the image tells it as well. V8 collects the whole heap whenever a few MiB
 * have been allocated beyond what the last collection left, buffers included: after a quiet spell that is 12 times a
 * second under load, and a quarter of the throughput. With 128 MiB it waits for that many before it begins to do so; an
 * idle orchestrator is no larger for it. Measured: `test/bench/findings.md`.
 */
export const ORCHESTRATOR_FLAGS: readonly string[] = ['--initial-heap-size=128'];
