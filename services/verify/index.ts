export {
  conformanceProbe,
  PROBE_CAPABILITY,
  PROBE_INPUT_SCHEMA,
  PROBE_OUTPUT_SCHEMA,
  type ProbeOrder,
} from '../agent/conformance-probe.ts';
export type { AgentProcess } from './agent-process.ts';
export type { Check, Outcome, Verdict } from './check.ts';
export { countVerdicts, type VerdictCount } from './count-verdicts.ts';
export { CHECKS, selectChecks } from './registry.ts';
export { type VerifyOptions, verify } from './verify.ts';
