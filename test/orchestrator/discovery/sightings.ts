import { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import type { DiscoverySink } from '../../../services/orchestrator/discovery/discovery.ts';

/** A sink that writes down what it is told, and whose next lines can be awaited: `found h:1 DNS`. */
export function sightings() {
  const lines: string[] = [];
  let told = (): void => {};
  const tell = (...words: (string | undefined)[]): void => {
    lines.push(words.filter((word) => word !== undefined).join(' '));
    told();
  };
  const sink: DiscoverySink = {
    found: (address, source, expected) =>
      tell(
        'found',
        address,
        DiscoverySource[source],
        expected && `${expected.agentId} ${expected.instanceId}`,
      ),
    gone: (address, source) => tell('gone', address, DiscoverySource[source]),
  };
  return {
    sink,
    lines,
    /** The first `count` lines, when there are so many. */
    async first(count: number): Promise<string[]> {
      while (lines.length < count) await new Promise<void>((resolve) => (told = resolve));
      return lines.slice(0, count);
    },
  };
}
