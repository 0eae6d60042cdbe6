// `npm run sources` over Azurite: what an operator types, and what the audit of the app says of it.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startConnector } from '../../support/connector-fixture.ts';

const ROOT = join(import.meta.dirname, '../../..');
const RIGHT = 'sources:\n  - { name: intune, kind: intune, signIn: settings, sites: [hq] }\n';
const WRONG = 'sources:\n  - { name: Intune, kind: intune, signIn: { secretSetting: hunter2 } }\n';

test('checks, uploads, activates, lists, shows and rolls back', async () => {
  await using nac = await startConnector();
  const folder = await mkdtemp(join(tmpdir(), 'nac-sources-'));
  const [right, wrong] = [join(folder, 'right.yaml'), join(folder, 'wrong.yaml')];
  await Promise.all([writeFile(right, RIGHT), writeFile(wrong, WRONG)]);
  try {
    const env = { ...process.env, StorageConnection: nac.env['StorageConnection'] };
    const run = async (...words: string[]) =>
      (await promisify(execFile)(process.execPath, [join(ROOT, 'cli/sources.ts'), ...words], { env })).stdout;
    expect(await run('check', right)).toContain('is right: 1 source.');
    const refused = await run('check', wrong).catch((thrown) => thrown);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/NAC_SOURCES[\s\S]*:2:13 [\s\S]*:2:60 /) });
    expect(refused.stderr).not.toContain('hunter2');
    await expect(run('upload', 'v0', wrong)).rejects.toMatchObject({ code: 1 });
    expect(await run('upload', 'v1', right, '--reason', 'a customer')).toContain('"v1" is in the store');
    expect(await run('activate', 'v1')).toContain('"v1" is in force');
    expect(await run('show', 'v1')).toBe(`${RIGHT}\n`);
    expect(await run('rollback', '--from', 'v1')).toContain('"built-in" is in force');
    expect(await run('list')).toMatch(/In force: "built-in" since [\s\S]*v1 {2}\(/);
    await expect(run('explode')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('Usage:') });
    const administrator = await nac.createClient('ada', 'hq', 'administrator');
    const { entries } = await nac.app.audit(administrator, []);
    const changes = entries.filter(({ action }) => action.endsWith('-sources'));
    expect(changes.map(({ action, target, from, reason }) => [action, target, from, reason])).toEqual([
      ['roll-back-sources', 'v1', 'command-line', undefined],
      ['activate-sources', 'v1', 'command-line', undefined],
      ['upload-sources', 'v1', 'command-line', 'a customer'],
      ['upload-sources', 'v0', 'command-line', undefined],
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
