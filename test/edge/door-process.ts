import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { EdgeServer } from '../../services/edge/edge-server.ts';
import { bind } from '../../services/rpc/server.ts';

// An HTTP door in a process of its own, which tells its address, and how much memory it has whenever it is
// asked.
const handlers = { describe: () => ({}), handle: () => ({}), async *link() {} };
const door = new EdgeServer({ services: [bind(AgentService, handlers)] });
process.send?.(`http://${await door.listen('127.0.0.1:0')}`);
process.on('message', () => process.send?.(process.memoryUsage.rss()));
