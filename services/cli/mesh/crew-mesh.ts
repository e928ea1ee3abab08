import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MeshFile } from './mesh-file.ts';

/** The folder of all rooms, seen from this file: it also holds once this is installed as a package. */
const SERVICES = fileURLToPath(new URL('../..', import.meta.url));

/** This file's own ending: `.ts` here, `.js` where it was built. */
const ENDING = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** The agents of the crew, each in a folder of that name. */
const CREW = ['reader', 'analyst', 'summarizer', 'illustrator', 'editor'];

/** The path of a process of ours: `orchestrator`, `crew/reader`. */
export function mainOf(room: string): string {
  return resolve(SERVICES, room, `main${ENDING}`);
}

/** The mesh that is run where no file describes one: the orchestrator and the crew. `node` is what runs them. */
export function crewMesh(node: string): MeshFile {
  return {
    orchestrator: { listen: '127.0.0.1:50051', logPayloads: false, static: [], dns: [], env: {} },
    agents: CREW.map((name) => ({
      name,
      command: [node, mainOf(`crew/${name}`)],
      instances: 1,
      env: {},
      cwd: SERVICES,
    })),
  };
}
