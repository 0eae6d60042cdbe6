// Which tests run, in which project, and in which order.

import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { compilerTestsLeftOut, mustRun } from './scripts/compiler-tests.ts';
import { testsLeftOut, thisMachine } from './scripts/real-peers.ts';
import { LongestFirst } from './test/support/longest-first.ts';

// Every worker and every process of the tests loads much the same modules: they are compiled once.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/node-compile');

/** Measure time: what other files leave on the heap would be measured with it. */
const MEASURING = [
  'test/unit/bench/policy-growth.test.ts',
  'test/unit/growth.test.ts',
  'test/unit/hostile-growth.test.ts',
  'test/unit/regular-expressions.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'apart', include: ['test/{e2e,infra,integration,simulation}/**/*.test.ts', ...MEASURING] },
      },
      {
        extends: true,
        // A browser, and all that `npm start` starts: one at a time is enough for two cores.
        test: { name: 'console', include: ['test/console/**/*.test.ts'], fileParallelism: false },
      },
      {
        extends: true,
        // Nothing here has a state beyond its own: a process for each file would cost more than most of them do.
        test: { name: 'units', include: ['test/unit/**/*.test.ts'], exclude: MEASURING, isolate: false },
      },
    ],
    sequence: { sequencer: LongestFirst },
    exclude: [...configDefaults.exclude, ...withoutPeers(process.env)],
    pool: 'forks',
    // Two cores, and a third of the time is waiting for the clocks of real peers.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // No assertion of speed: a page or a process is waited for as long as its test may take, not one second.
    expect: { poll: { timeout: 30_000 } },
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
