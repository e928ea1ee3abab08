import { Health } from '../../../gen/grpc/health/v1/health_pb.js';
import { createClient } from '../../rpc/client.ts';
import { Code } from '../../rpc/code.ts';
import { ServingStatus } from '../../rpc/health.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { explain } from '../summarize.ts';
import type { Visit } from '../visit.ts';

/** A service that nobody has. */
const NO_SERVICE = 'conformance.NoSuchService';

/** `grpc.health.v1`, where the agent serves it. */
export const healthChecks: readonly Check[] = [
  {
    id: 'health.check',
    rule: 'Check of the server as a whole (`""`) answers SERVING.',
    needs: ['health'],
    async run(visit) {
      const { status } = await healthOf(visit).check({}, { deadline: visit.deadline });
      return expectStatus(status, ServingStatus.SERVING);
    },
  },
  {
    id: 'health.check-unknown',
    rule: 'Check of a service that is not known ends NOT_FOUND.',
    needs: ['health'],
    async run(visit) {
      const call = healthOf(visit).check({ service: NO_SERVICE }, { deadline: visit.deadline });
      const error = await call.then(
        ({ status }) => {
          throw breach(`it answered ${ServingStatus[status]}`);
        },
        (failure) => RpcError.from(failure),
      );
      if (error.code !== Code.NOT_FOUND) throw breach(`it ended ${explain(error)}`);
      return 'NOT_FOUND';
    },
  },
  {
    id: 'health.watch',
    rule: 'Watch tells the status at once.',
    needs: ['health'],
    run: async (visit) => expectStatus(await firstStatus(visit, ''), ServingStatus.SERVING),
  },
  {
    id: 'health.watch-unknown',
    rule: 'Watch of a service that is not known tells SERVICE_UNKNOWN, since it may become known.',
    needs: ['health'],
    run: async (visit) => expectStatus(await firstStatus(visit, NO_SERVICE), ServingStatus.SERVICE_UNKNOWN),
  },
  {
    id: 'health.list',
    rule: 'List tells the status of every service, that of the server as a whole among them.',
    needs: ['health-list'],
    async run(visit) {
      const { statuses } = await healthOf(visit).list({}, { deadline: visit.deadline });
      const names = Object.keys(statuses).map((name) => `"${name}"`);
      if (!statuses['']) throw breach(`it lists ${names.join(', ') || 'nothing'}`);
      expectStatus(statuses[''].status, ServingStatus.SERVING);
      return names.join(', ');
    },
  },
];

function healthOf({ channel }: Visit) {
  return createClient(Health, channel);
}

async function firstStatus(visit: Visit, service: string): Promise<ServingStatus> {
  for await (const { status } of healthOf(visit).watch({ service }, { deadline: visit.deadline }))
    return status;
  throw breach('the stream ended without a status');
}

function expectStatus(status: ServingStatus, wanted: ServingStatus): string {
  const name = ServingStatus[status] ?? `status ${status}`;
  if (status !== wanted) throw breach(name);
  return name;
}
