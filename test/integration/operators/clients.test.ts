// Clients as operators make, rotate and end them, against Azurite; and what that means for a lookup at once.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const ROOT = join(import.meta.dirname, '../../..');
const LOOKUP = JSON.stringify({ method: 'mab', userName: '0c-96-e6-01-02-03', callingStationId: '0c-96-e6-01-02-03' });
const REFUSED = { status: 401, code: 'NAC_CLIENT_CREDENTIAL' };

async function clients(nac: ConnectorFixture, ...command: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'cli/clients.ts'), ...command], {
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
  test('rotates a key without a moment in which none is valid', async () => {
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

  test('revokes a client', async () => {
    await using nac = await startConnector();
    const key = keyIn(await clients(nac, 'create', 'radius-2', '--site', 'branch'));
    await clients(nac, 'revoke', 'radius-2');
    await expect(nac.app.lookup(key, LOOKUP)).rejects.toMatchObject(REFUSED);
    expect(await failure(nac, 'revoke', 'radius-2')).toContain('NAC_CLIENT_UNKNOWN');
    expect(await failure(nac, 'rotate', 'radius-2')).toContain('NAC_CLIENT_UNKNOWN');
  });

  test('leaves an entry in the audit for each change, with its reason', async () => {
    await using nac = await startConnector();
    await clients(nac, 'create', 'radius-2', '--site', 'branch', '--reason', 'new site');
    const key = keyIn(await clients(nac, 'create', 'ada', '--site', 'hq', '--kind', 'administrator'));
    await clients(nac, 'rotate', 'radius-2', '--reason', 'yearly');
    await clients(nac, 'retire-older', 'radius-2', '--reason', 'in use');
    await clients(nac, 'revoke', 'radius-2', '--reason', 'site closed');
    const { entries } = await nac.app.audit(key, [['limit', '5']]);
    const command = { by: 'holder of the connection string', from: 'command-line' };
    expect(entries).toEqual([
      { ...command, at: expect.any(String), action: 'revoke-client', target: 'radius-2', reason: 'site closed' },
      { ...command, at: expect.any(String), action: 'retire-older-key', target: 'radius-2', reason: 'in use' },
      { ...command, at: expect.any(String), action: 'rotate-key', target: 'radius-2', reason: 'yearly' },
      { ...command, at: expect.any(String), action: 'create-client', target: 'ada (administrator)', site: 'hq' },
      {
        ...command,
        at: expect.any(String),
        action: 'create-client',
        target: 'radius-2 (radius)',
        site: 'branch',
        reason: 'new site',
      },
    ]);
    expect(await failure(nac, 'rotate', 'ada', '--reason', 'x'.repeat(501))).toContain('NAC_REQUEST_FIELD');
  });

  test('lists clients, and shows no secret', async () => {
    await using nac = await startConnector();
    const key = keyIn(await clients(nac, 'create', 'noc', '--site', 'hq', '--kind', 'operator'));
    const listing = await clients(nac, 'list');
    expect(listing).toMatch(/^noc\s+hq\s+operator\s+\d{4}-\d\d-\d\d$/m);
    expect(listing).toMatch(/^radius-1\s+hq\s+radius\s/m);
    expect(listing).not.toContain(key.split('.')[1]);
  });

  test.each([
    [[]],
    [['create', 'radius-2']],
    [['create', 'radius-2', '--site', 'hq', '--kind', 'root']],
    [['list', 'radius-1']],
    [['rotate']],
    [['rotate', 'radius-1', '--site', 'hq']],
    [['list', '--reason', 'x']],
    [['destroy', 'radius-1']],
  ])('says how it is used when asked %j', async (command) => {
    await using nac = await startConnector();
    expect(await failure(nac, ...command)).toContain('Usage: npm run clients');
  });
});

describe('a wrong key', () => {
  test('is one line in ten seconds by the client’s name, with the number of requests and without the secret', async () => {
    await using nac = await startConnector();
    const wrong = `radius-1.${'0'.repeat(64)}`;
    for (let time = 0; time < 3; time++) await expect(nac.app.lookup(wrong, LOOKUP)).rejects.toMatchObject(REFUSED);
    nac.clock.advance(10_000);
    await expect(nac.app.lookup(wrong, LOOKUP)).rejects.toMatchObject(REFUSED);
    expect(nac.log.filter(({ event }) => event === 'client.refused')).toMatchObject([
      { level: 'warn', fields: { client: 'radius-1', requests: 1 } },
      { level: 'warn', fields: { client: 'radius-1', requests: 3 } },
    ]);
    expect(JSON.stringify(nac.log)).not.toContain('0'.repeat(64));
  });

  test('of an unknown name is one line together with all other unknown names, which it does not show', async () => {
    // It is about what strangers bring about, not about how fast the store of a busy machine answers.
    await using nac = await startConnector({ env: { LOOKUP_DEADLINE: '10s' } });
    const names = Array.from({ length: 300 }, (_, number) => `stranger-${number}`);
    await Promise.all(
      names.map((name) => expect(nac.app.lookup(`${name}.${'0'.repeat(64)}`, LOOKUP)).rejects.toMatchObject(REFUSED)),
    );
    expect(nac.log.filter(({ level }) => level !== 'info').length).toBe(1);
    expect(JSON.stringify(nac.log)).not.toContain('stranger');
  });

  test('is refused before the body is read', async () => {
    await using nac = await startConnector();
    const body = () => Promise.reject(new Error('the body was read'));
    for (const key of [null, `radius-1.${'0'.repeat(64)}`, nac.apiKey.slice(0, -1)]) {
      await expect(nac.app.lookup(key, body)).rejects.toMatchObject(REFUSED);
      await expect(nac.app.accounting(key, body)).rejects.toMatchObject(REFUSED);
      await expect(nac.app.releaseHeld(key, body)).rejects.toMatchObject(REFUSED);
    }
  });

  test('does not make the right key of the same client wait', async () => {
    await using nac = await startConnector();
    await nac.app.lookup(nac.apiKey, LOOKUP);
    const refused = Array.from({ length: 8 }, () => nac.app.lookup(`radius-1.${'0'.repeat(64)}`, LOOKUP));
    const settled = Promise.allSettled(refused);
    const first = await Promise.race([nac.app.lookup(nac.apiKey, LOOKUP).then(() => 'answered'), settled]);
    expect(first).toBe('answered');
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  });
});

describe('a client that asks more often than its share', () => {
  test('gets 503 with a code for the rest of the second, and the other clients are answered', async () => {
    await using nac = await startConnector({ env: { CLIENT_REQUESTS_PER_SECOND: '1' } });
    const other = keyIn(await clients(nac, 'create', 'radius-2', '--site', 'branch'));
    const asked = await Promise.allSettled(Array.from({ length: 12 }, () => nac.app.lookup(nac.apiKey, LOOKUP)));
    const refused = asked.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(5);
    for (const { reason } of refused as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ status: 503, code: 'NAC_CLIENT_QUOTA' });
    }
    await nac.app.lookup(other, LOOKUP);
    nac.clock.advance(10_000);
    await nac.app.lookup(nac.apiKey, LOOKUP);
  });
});

/** Another instance over the same store: its memory is empty. */
async function startedAgain({ env }: ConnectorFixture): Promise<AsyncDisposable & Pick<ConnectorFixture, 'app'>> {
  const { createApp } = await import('../../../shared/app.ts');
  const { readSettings } = await import('../../../shared/settings.ts');
  const app = createApp(readSettings(env));
  return { app, [Symbol.asyncDispose]: () => app.close() };
}
