import { run } from '../../agent/main.ts';
import { analyst } from './agent.ts';

await run(analyst);
