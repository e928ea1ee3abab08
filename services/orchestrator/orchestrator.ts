import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { StateService } from '../../gen/troupe/v1/state_service_pb.js';
import { checkedTime } from '../protocol/check-option.ts';
import { messageCodecs } from '../protocol/codecs.ts';
import { bind } from '../rpc/server.ts';
import { type OrchestratorOptions, withDefaults } from './config.ts';
import { DnsDiscovery } from './discovery/dns.ts';
import { Leases } from './discovery/leases.ts';
import { staticDiscovery } from './discovery/static.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { Lanes } from './dispatch/lanes.ts';
import { Router } from './dispatch/route.ts';
import { openDoors } from './doors.ts';
import type { Connection } from './member/connection.ts';
import { Membership } from './member/membership.ts';
import { MessageLog } from './message-log/message-log.ts';
import { Roster } from './roster/roster.ts';
import { orchestratorHandlers } from './service/orchestrator-service.ts';
import { MemoryStore } from './state/memory-store.ts';
import { stateHandlers } from './state/state-service.ts';

/** An orchestrator that is being served. */
export interface Orchestrator {
  /** Where it listens: `host:port`. */
  readonly address: string;
  /** Where its HTTP door listens; nothing where it has none. */
  readonly http: string | undefined;
  /**
   * Leaves well: takes nothing new, tells links and watches, finishes what is in flight, and closes. What is
   * not finished after `graceMs` milliseconds (default 10,000; Infinity: it waits for ever) is cut off. A time that is
   * none is INVALID_MESSAGE, and nothing is drained.
   */
  drain(graceMs?: number): Promise<void>;
  /** Cuts everything off at once. */
  close(): Promise<void>;
}

/**
 * Assembles an orchestrator and serves it. Fails INVALID_ARGUMENT where an address of its options is none, UNAVAILABLE where
 * one of its own cannot be listened at.
 */
export async function startOrchestrator(options: OrchestratorOptions = {}): Promise<Orchestrator> {
  const config = withDefaults(options);
  const { log } = config;
  const roster = new Roster<Connection>({ graceMs: config.offlineGraceMs });
  const membership = new Membership(roster, log);
  const leases = new Leases({ leaseMs: config.leaseMs });
  const sources = [leases, staticDiscovery(config.static), new DnsDiscovery({ names: config.dns, log })];
  const messages = new MessageLog({ keepPayloads: config.logPayloads });
  const store = new MemoryStore();
  const draining = new AbortController();
  const router = new Router(roster, config.leaseMs);
  const lanes = new Lanes(roster, log);
  const dispatcher = new Dispatcher({ router, lanes, messages, draining: draining.signal });
  // What is in flight can end only if it gets what it asks for on its way.
  const ongoing = new Dispatcher({ router, lanes, messages, draining: new AbortController().signal });
  const parts = { roster, membership, leases, router, lanes, dispatcher, ongoing, messages };
  const services = [
    bind(OrchestratorService, orchestratorHandlers(parts), messageCodecs),
    bind(StateService, stateHandlers(store)),
  ];
  let drained: Promise<void> | undefined;
  const stop = () => {
    for (const source of sources) source.close();
    membership.close();
    roster.close();
    store.close();
  };
  // Before the doors: through one that is open, instances announce themselves while another is still to open.
  for (const source of sources) source.start(membership);
  const doors = await openDoors(services, config).catch((error) => {
    stop();
    throw error;
  });
  return {
    address: doors.address,
    http: doors.http,
    async drain(graceMs) {
      if (graceMs !== undefined) checkedTime('graceMs', graceMs);
      draining.abort();
      drained ??= doors.drain(graceMs).then(stop);
      return drained;
    },
    async close() {
      draining.abort();
      await doors.close();
      stop();
    },
  };
}
