import { expect, it } from 'vitest';
import { staticDiscovery } from '../../../services/orchestrator/discovery/static.ts';
import { sightings } from './sightings.ts';

it('finds each configured address once, and at once', () => {
  const { sink, lines } = sightings();
  const discovery = staticDiscovery(['h:1', 'h:2', 'h:1']);
  discovery.start(sink);
  discovery.close();
  expect(lines).toEqual(['found h:1 STATIC', 'found h:2 STATIC']);
});
