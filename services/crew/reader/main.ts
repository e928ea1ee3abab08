import { run } from '../../agent/main.ts';
import { reader } from './agent.ts';

await run(reader);
