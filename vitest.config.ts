import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { compilerTestsLeftOut, mustRun } from './scripts/compiler-tests.ts';
import { testsLeftOut, thisMachine } from './scripts/real-peers.ts';

// Every worker and every process of the tests loads much the same modules: they are compiled once.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/node-compile');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...withoutPeers(process.env)],
    pool: 'forks',
    // Two cores: more files at once only make every one of them slower.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/fail-on-leaks.ts', 'test/support/keep-compiled.ts'],
    restoreMocks: true,
    unstubEnvs: true,
  },
});

/** Without the real peers the other tests still run; where the peers are required, their absence is a failure. */
function withoutPeers(env: NodeJS.ProcessEnv): readonly string[] {
  const leftOut = [testsLeftOut(thisMachine(env)), compilerTestsLeftOut(env)].filter((each) => each !== undefined);
  if (leftOut.length === 0) return [];
  const notice = leftOut.map((each) => each.notice).join('\n');
  if (mustRun(env)) throw new Error(`Every test must run here.\n${notice}`);
  process.stderr.write(`\n${notice}\n`);
  return leftOut.flatMap(({ tests }) => tests);
}
