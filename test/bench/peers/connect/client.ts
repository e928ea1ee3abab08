import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { AgentService } from '../../../../gen/troupe/v1/agent_service_pb.js';
import type { Role } from '../../../processes/role.ts';
import { clientRole } from '../../load/client-role.ts';
import { payloadOf, taskOf } from '../direct/message.ts';

/** A caller that calls Handle by connect-node, over HTTP/2. */
export function start({ address }: { address: string }): Role {
  const agent = createClient(AgentService, createConnectTransport({ baseUrl: address, httpVersion: '2' }));
  return clientRole(async (payload) => {
    const { message } = await agent.handle({ message: taskOf(payload) });
    if (!message) throw new Error('The response holds no message.');
    return payloadOf(message);
  });
}
