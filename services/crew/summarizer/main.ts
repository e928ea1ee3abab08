import { run } from '../../agent/main.ts';
import { summarizer } from './agent.ts';

await run(summarizer);
