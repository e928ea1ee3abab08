import { Troupe } from '../../../services/client/index.ts';
import type { Role } from '../../processes/role.ts';
import { type LoadPlan, Recorder } from '../history/recorder.ts';

/** A caller that is put under loads: `load` begins one and answers its number, `stop` ends it and answers its calls. */
export function start({ orchestrator }: { orchestrator: string }): Role {
  const troupe = new Troupe(orchestrator, { id: 'chaos' });
  const recorders: Recorder[] = [];
  return {
    commands: {
      load: (plan: LoadPlan) => recorders.push(new Recorder(troupe, plan)) - 1,
      stop: (load: number) => recorders[load]?.stop(),
      calls: (load: number) => recorders[load]?.calls,
    },
  };
}
