// A poll in a process of its own over Azurite, killed with SIGKILL before its first write, in the middle and before its
// last one: after the next run the store is what it would have been, and every change was handed on at least once.
// test/integration/polling/dies-anywhere.test.ts has all other points, with a store in memory.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../../shared/app.ts';
import { readSettings } from '../../../shared/settings.ts';
import { adjustableClock } from '../../support/adjustable-clock.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { startConnector } from '../../support/connector-fixture.ts';
import {
  expectSameWhereverItDies,
  PLANS,
  type Plan,
  type Scenario,
  TENANT,
  twoSweeps,
} from '../../support/polls-that-die.ts';

/** In one file, and compiled once: a process for each kill starts from it. */
let built: string;
let pollOnce: string;

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'nac-poll-once-'));
  pollOnce = join(built, 'poll-once.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, '../../support/poll-once.ts')],
    outfile: pollOnce,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
});

afterAll(() => rm(built, { recursive: true }));

test.for(Object.entries(PLANS))(
  '%s: the same store and no change lost after SIGKILL',
  { timeout: 120_000 },
  async ([, plan]) => {
    await expectSameWhereverItDies(
      plan,
      () => startOverAzurite(plan),
      (points) => [points[0], points[points.length >> 1], points.at(-1)].filter((point) => point !== undefined),
    );
  },
);

async function startOverAzurite(plan: Plan): Promise<Scenario> {
  const stack = new AsyncDisposableStack();
  const nac = stack.use(await startConnector({ tenant: TENANT, env: plan.env }));
  const folder = await mkdtemp(join(tmpdir(), 'nac-killed-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const changesFile = join(folder, 'changes');
  const handedOnHere: string[] = [];
  const poll = async (aheadMs: number) => {
    const clock = adjustableClock();
    clock.advance(aheadMs);
    const app = createApp(readSettings(nac.env), {
      clock,
      log: collectingLogger().logger,
      onChange: async ({ source, id, version }) => void handedOnHere.push(`${source}|${id}|${version}`),
    });
    const result = await app.poll(60_000);
    await app.close();
    return result;
  };
  await twoSweeps(nac.tenant.fleet, plan, poll);
  handedOnHere.length = 0;
  nac.storage.requests.length = 0;
  return {
    fleet: nac.tenant.fleet,
    tables: nac.tables,
    poll,
    pollAndDie: async (aheadMs, killAt) => {
      const env = { ...nac.env, NODE_COMPILE_CACHE: join(built, 'compiled') };
      const process_ = spawn(process.execPath, [pollOnce, String(aheadMs), changesFile], {
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      nac.storage.beforeEach = (_, index) => {
        if (killAt === undefined || index < killAt) return 'pass';
        process_.kill('SIGKILL');
        return 'hold';
      };
      const [, signal] = await once(process_, 'exit');
      expect(signal, `end of the poll, killed at request ${killAt}`).toBe(killAt === undefined ? null : 'SIGKILL');
      nac.storage.beforeEach = () => 'pass';
      return nac.storage.requests.map(({ writes }) => writes > 0);
    },
    handedOn: async () => {
      const text = await readFile(changesFile, 'utf8').catch(() => '');
      return [...new Set([...text.split('\n').filter(Boolean), ...handedOnHere])].sort();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
