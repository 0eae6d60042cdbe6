// The doctor’s checks of an MDM server, against the simulated one over HTTPS.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ServerBehaviour } from '../../../local/mdm-server/server-behaviour.ts';
import { mdmChecks } from '../../../shared/adapters/cisco-mdm/check-mdm.ts';
import type { MdmConnection } from '../../../shared/adapters/cisco-mdm/mdm-connection.ts';
import { runChecks } from '../../../shared/doctor/run-checks.ts';
import { type AskedMdm, startAskedMdm } from '../../support/asked-mdm.ts';

let mdm: AskedMdm;

beforeAll(async () => {
  mdm = await startAskedMdm({ fleetSize: 12 });
});
afterEach(() => mdm.server.behaveAsUsual());
afterAll(() => mdm[Symbol.asyncDispose]());

async function examine(change: Partial<ServerBehaviour> = {}, connection: Partial<MdmConnection> = {}) {
  mdm.server.behave(change);
  const report = await runChecks(mdmChecks(mdm.client(connection), mdm.clock, []), mdm.clock, () => undefined);
  return report.checks;
}

test('a server in good health: version, product, one question, the list', async () => {
  expect(await examine()).toMatchObject([
    {
      name: 'mdminfo-mdm',
      status: 'ok',
      saw: 'Example Simulated MDM server 1.0 speaks version 3, 100 devices a page.',
    },
    { name: 'device-mdm', status: 'ok' },
    { name: 'list-mdm', status: 'ok', saw: '3 devices.' },
  ]);
});

test('a server without GUIDs is a warning: phones make up their addresses', async () => {
  const [information] = await examine({ newestVersion: 2 });
  expect(information).toMatchObject({ status: 'warn', means: expect.stringContaining('no GUIDs') });
});

test('a server that answers every question with some device is found out', async () => {
  const checks = await examine({ answersOther: true });
  expect(checks[1]).toMatchObject({ status: 'failed', code: 'NAC_SOURCE_RECORD' });
});

describe('what keeps it from being asked has a code and an instruction, and the rest is skipped', () => {
  test.each<[string, Partial<ServerBehaviour>, Partial<MdmConnection>, string]>([
    ['a wrong password', {}, { password: 'wrong' }, 'NAC_SOURCE_UNAUTHORIZED'],
    ['a wrong instance', {}, { address: 'INSTANCE' }, 'NAC_SOURCE_DIALECT'],
    ['a sign-in page', { document: 'html' }, {}, 'NAC_SOURCE_PAGE'],
    ['a redirection', { redirectTo: 'https://sso.example/' }, {}, 'NAC_SOURCE_REDIRECTED'],
  ])('%s', async (_, behaviour, connection, code) => {
    const address = connection.address === 'INSTANCE' ? { address: `${mdm.server.address}/other` } : {};
    const [first, ...others] = await examine(behaviour, { ...connection, ...address });
    expect(first).toMatchObject({ status: 'failed', code, means: expect.any(String), action: expect.any(String) });
    expect(first?.means).not.toMatch(/did not expect|token/);
    expect(others.map(({ status }) => status)).toEqual(['skipped', 'skipped']);
  });
});
