// Clients as operators make, rotate and end them, against Azurite; and what that means for a lookup at once.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type ConnectorFixture, startConnector } from '../support/connector-fixture.ts';

const ROOT = join(import.meta.dirname, '../..');
const LOOKUP = JSON.stringify({ method: 'mab', userName: '0c-96-e6-01-02-03', callingStationId: '0c-96-e6-01-02-03' });
const REFUSED = { status: 401, code: 'NAC_CLIENT_CREDENTIAL' };

async function clients(nac: ConnectorFixture, ...command: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'local/clients.ts'), ...command], {
    env: { ...process.env, ...nac.env },
  });
  return stdout;
}

async function failure(nac: ConnectorFixture, ...command: string[]): Promise<string> {
  const failed = await clients(nac, ...command).then(
    (stdout) => Promise.reject(new Error(`it printed ${stdout}`)),
    (thrown: { stderr: string; code: number }) => thrown,
  );
  expect(failed.code).toBe(1);
  return failed.stderr;
}

function keyIn(output: string): string {
  return /\b[a-z0-9-]+\.[0-9a-f]{64}\b/.exec(output)?.[0] ?? '';
}

describe('npm run clients', () => {
  it('rotates a key without a moment in which none is valid', async () => {
    await using nac = await startConnector();
    const first = keyIn(await clients(nac, 'create', 'radius-2', '--site', 'branch'));
    await nac.app.lookup(first, LOOKUP);

    const second = keyIn(await clients(nac, 'rotate', 'radius-2'));
    await nac.app.lookup(second, LOOKUP);
    await nac.app.lookup(first, LOOKUP);

    await clients(nac, 'retire-older', 'radius-2');
    await using restarted = await startedAgain(nac);
    await restarted.app.lookup(second, LOOKUP);
    await expect(restarted.app.lookup(first, LOOKUP)).rejects.toMatchObject(REFUSED);
  });

  it('revokes a client', async () => {
    await using nac = await startConnector();
    const key = keyIn(await clients(nac, 'create', 'radius-2', '--site', 'branch'));
    await clients(nac, 'revoke', 'radius-2');
    await expect(nac.app.lookup(key, LOOKUP)).rejects.toMatchObject(REFUSED);
    expect(await failure(nac, 'revoke', 'radius-2')).toContain('NAC_CLIENT_UNKNOWN');
    expect(await failure(nac, 'rotate', 'radius-2')).toContain('NAC_CLIENT_UNKNOWN');
  });

  it('lists clients, and shows no secret', async () => {
    await using nac = await startConnector();
    const key = keyIn(await clients(nac, 'create', 'noc', '--site', 'hq', '--kind', 'operator'));
    const listing = await clients(nac, 'list');
    expect(listing).toMatch(/^noc\s+hq\s+operator\s+\d{4}-\d\d-\d\d$/m);
    expect(listing).toMatch(/^radius-1\s+hq\s+radius-proxy\s/m);
    expect(listing).not.toContain(key.split('.')[1]);
  });

  it.each([
    [[]],
    [['create', 'radius-2']],
    [['create', 'radius-2', '--site', 'hq', '--kind', 'root']],
    [['list', 'radius-1']],
    [['rotate']],
    [['rotate', 'radius-1', '--site', 'hq']],
    [['destroy', 'radius-1']],
  ])('says how it is used when asked %j', async (command) => {
    await using nac = await startConnector();
    expect(await failure(nac, ...command)).toContain('Usage: npm run clients');
  });
});

describe('a wrong key', () => {
  it('is counted and logged by the client’s name, without the secret', async () => {
    await using nac = await startConnector();
    const wrong = `radius-1.${'0'.repeat(64)}`;
    await expect(nac.app.lookup(wrong, LOOKUP)).rejects.toMatchObject(REFUSED);
    await expect(nac.app.lookup(wrong, LOOKUP)).rejects.toMatchObject(REFUSED);
    const refused = nac.log.filter(({ event }) => event === 'client.refused');
    expect(refused).toMatchObject([
      { level: 'warn', fields: { client: 'radius-1', refusals: 1 } },
      { level: 'warn', fields: { client: 'radius-1', refusals: 2 } },
    ]);
    expect(JSON.stringify(nac.log)).not.toContain('0'.repeat(64));
  });

  it('does not make the right key of the same client wait', async () => {
    await using nac = await startConnector();
    await nac.app.lookup(nac.apiKey, LOOKUP);
    const refused = Array.from({ length: 8 }, () => nac.app.lookup(`radius-1.${'0'.repeat(64)}`, LOOKUP));
    const settled = Promise.allSettled(refused);
    const first = await Promise.race([nac.app.lookup(nac.apiKey, LOOKUP).then(() => 'answered'), settled]);
    expect(first).toBe('answered');
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  });
});

/** Another instance over the same store: its memory is empty. */
async function startedAgain({ env }: ConnectorFixture): Promise<AsyncDisposable & Pick<ConnectorFixture, 'app'>> {
  const { createApp } = await import('../../shared/app.ts');
  const { readSettings } = await import('../../shared/settings.ts');
  const app = createApp(readSettings(env));
  return { app, [Symbol.asyncDispose]: () => app.close() };
}
