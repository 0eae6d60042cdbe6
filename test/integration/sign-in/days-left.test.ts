// The poll says once a day how long the credential is good for.

import { afterEach, expect, test } from 'vitest';
import { createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const DAY_MS = 86_400_000;
const FUNCTION_TIMEOUT_MS = 600_000;

let fixture: ConnectorFixture | undefined;
afterEach(() => fixture?.[Symbol.asyncDispose]());

async function startWith(certificateDays: number) {
  const notAfter = new Date(Date.now() + certificateDays * DAY_MS);
  const { certificatePem, privateKeyPem } = await createClientCertificate({ notAfter });
  // Nothing but the sweep asks for a token.
  const LIVE_QUERIES_PER_SECOND = '0';
  const env = {
    LIVE_QUERIES_PER_SECOND,
    ENTRA_CLIENT_SECRET: '',
    ENTRA_CLIENT_CERTIFICATE: `${certificatePem}\n${privateKeyPem}`,
  };
  fixture = await startConnector({ env, tenant: { clientCertificatePem: certificatePem, fleetSize: 1 } });
  return fixture;
}

test('once a day, and with more weight as the end comes nearer', async () => {
  const { app, clock, log } = await startWith(40.5);
  const reports = () =>
    log.filter(({ event }) => event === 'credential.days-left').map(({ level, fields }) => ({ level, ...fields }));
  const pollAfter = async (days: number): Promise<void> => {
    clock.advance(days * DAY_MS);
    await app.poll(FUNCTION_TIMEOUT_MS);
    await app.poll(FUNCTION_TIMEOUT_MS);
  };
  for (const days of [0, 11, 23]) await pollAfter(days);
  expect(reports()).toEqual([
    expect.objectContaining({ level: 'info', days: 40, kind: 'certificates', setting: 'ENTRA_CLIENT_CERTIFICATE' }),
    expect.objectContaining({ level: 'warn', days: 29, action: expect.stringContaining('ENTRA_CLIENT_CERTIFICATE_2') }),
    expect.objectContaining({ level: 'error', days: 6 }),
  ]);
});

test('not while there is no token, since it is not known which certificate will be in use', async () => {
  const { app, tenant, log } = await startWith(40);
  tenant.script({ target: 'token', status: 400, body: '{"error":"invalid_client"}', times: 2 });
  await app.poll(FUNCTION_TIMEOUT_MS);
  expect(log.some(({ event }) => event === 'credential.days-left')).toBe(false);
  await app.poll(FUNCTION_TIMEOUT_MS);
  expect(log.some(({ event }) => event === 'credential.days-left')).toBe(true);
});
