import { run } from '../../agent/main.ts';
import { illustrator } from './agent.ts';

await run(illustrator);
