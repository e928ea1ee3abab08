/**
 * What Node is told for an orchestrator, and the image tells it as well. Both flags spend memory to have shorter or
 * fewer pauses.
 *
 * - `--initial-heap-size=128`: V8 collects the whole heap whenever a few MiB have been allocated beyond what the last
 *   collection left, buffers included: after a quiet spell that is 12 times a second under load, and a quarter of the
 *   throughput. With 128 MiB it waits for that many before it begins to do so. Measured: `test/bench/findings.md`.
 * - `--no-memory-reducer`: where a process allocates less than 1 MB/s, as with a few hundred tasks a second, V8 takes
 *   it for idle, moves its heap together and gives the rest back to the system: 35 to 70 ms in which nobody is
 *   answered. Measured: `test/chaos/findings.md`. Without it no pause is over 40 ms, and what a peak of load took is
 *   kept for the next one.
 */
export const ORCHESTRATOR_FLAGS: readonly string[] = ['--initial-heap-size=128', '--no-memory-reducer'];
