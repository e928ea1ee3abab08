import { defineConfig } from 'vitest/config';

/** What needs manifests that kustomize has rendered: see deploy/check. */
export default defineConfig({ test: { include: ['test/deploy/rendered.check.ts'] } });
