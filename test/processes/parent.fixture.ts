import { resolve } from 'node:path';
import { Stage } from './stage.ts';

// Starts a process that connects to PORT, and waits for its own end.
await new Stage({ root: import.meta.dirname, env: process.env }).start(
  resolve(import.meta.dirname, 'fixture.ts'),
  {
    port: Number(process.env.PORT),
  },
);
setInterval(() => {}, 1000);
