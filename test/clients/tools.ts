import { resolve } from 'node:path';
import type { Toolchain } from '../polyglot/language.ts';

/** A client that nobody here wrote; `buf` is not among them, as `npm ci` brings it. */
export type ToolName = 'grpcurl' | 'ghz' | 'grpc-health-probe' | 'nginx';

export const ROOT = resolve(import.meta.dirname, '../..');

/** Where they are built to. */
const BIN = resolve(ROOT, '.tools/bin');

/** The environment in which they are found. */
export const TOOLS_ENV = {
  ...process.env,
  PATH: `${BIN}:${ROOT}/node_modules/.bin:${process.env.PATH}`,
  npm_config_loglevel: 'error',
};

/** The tools, and how each is got. */
export const TOOLS: Readonly<Record<ToolName, Toolchain>> = {
  grpcurl: goTool('github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4'),
  ghz: goTool('github.com/bojand/ghz/cmd/ghz@v0.120.0'),
  'grpc-health-probe': goTool('github.com/grpc-ecosystem/grpc-health-probe@v0.4.61'),
  nginx: { folder: ROOT, needs: [{ name: 'nginx', check: ['nginx', '-v'] }], build: [] },
};

function goTool(module: string): Toolchain {
  return {
    folder: ROOT,
    needs: [{ name: 'Go (go)', check: ['go', 'version'] }],
    build: [['env', `GOBIN=${BIN}`, 'go', 'install', module]],
  };
}
