import { run } from '../../agent/main.ts';
import { editor } from './agent.ts';

await run(editor);
