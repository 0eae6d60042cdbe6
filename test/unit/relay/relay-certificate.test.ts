// The relay's certificate: read from a PEM as openssl writes it, and reported at the edges of 30 and 7 days.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificateEnd, watchCertificate } from '../../../relay/relay-certificate.ts';
import { startRelay } from '../../../relay/start-relay.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { manualSendClock } from './radius/manual-send-clock.ts';

const DAY_MS = 86_400_000;
const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const START = Date.parse('2026-11-20T12:00:00.750Z');
let folder: string;
let key: string;
let certificates: string[];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nac-relay-certificate-'));
  const file = (name: string) => path.join(folder, name);
  certificates = [10, 400].map((days) => {
    const made = ['-newkey', 'rsa:2048', '-nodes', '-days', String(days), '-subj', '/CN=relay', '-keyout', file('key')];
    execFileSync('openssl', ['req', '-x509', ...made, '-out', file('crt')], { stdio: 'ignore' });
    return readFileSync(file('crt'), 'utf8');
  });
  key = readFileSync(file('key'), 'utf8');
});

afterAll(() => rmSync(folder, { recursive: true }));

function daysFromNow(end: Date | undefined): number | undefined {
  return end && Math.round((end.getTime() - Date.now()) / DAY_MS);
}

test('the first certificate of the file counts, wherever its key stands', () => {
  const [short = '', long = ''] = certificates;
  expect(daysFromNow(certificateEnd(key + short))).toBe(10);
  expect(daysFromNow(certificateEnd(short + key))).toBe(10);
  expect(daysFromNow(certificateEnd(key + long + short))).toBe(400);
  expect(daysFromNow(certificateEnd((key + short).replaceAll('\n', '\r\n')))).toBe(10);
});

test('what is no certificate has no end', () => {
  expect(certificateEnd('')).toBeUndefined();
  expect(certificateEnd(key)).toBeUndefined();
  expect(certificateEnd('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toBeUndefined();
});

test.each([
  [30 * DAY_MS, 30, 'info'],
  [30 * DAY_MS - 1, 29, 'warn'],
  [7 * DAY_MS, 7, 'warn'],
  [7 * DAY_MS - 1, 6, 'error'],
  [0, 0, 'error'],
  [-1, -1, 'error'],
])('%i ms before the end: %i days, %s', (left, days, level) => {
  const { logger, entries } = collectingLogger();
  const watch = watchCertificate(new Date(START + left), { clock: manualSendClock(), log: logger });
  expect(watch.health).toEqual({ notAfter: new Date(START + left).toISOString(), credentialExpiry: days });
  expect(entries).toEqual([
    expect.objectContaining({
      level,
      event: 'relay.certificate',
      fields: expect.objectContaining({
        credentialExpiry: days,
        ...(level === 'info' ? {} : { code: 'NAC_RELAY_CERTIFICATE' }),
      }),
    }),
  ]);
});

test('the running relay says it at /healthz, with the file as its operator made it', async () => {
  const [short = ''] = certificates;
  writeFileSync(path.join(folder, 'relay.pem'), `${key}${short}`, { mode: 0o600 });
  const file = path.join(folder, 'relay.yaml');
  // Nothing listens there: a relay says the days of its certificate above all while it reaches nothing.
  const credential = `{ tenantId: ${ID}, clientId: ${ID}, certificateFile: relay.pem, authorityHost: https://127.0.0.1:1 }`;
  writeFileSync(
    file,
    `site: hq\nserviceBus: { namespace: nac-none.servicebus.windows.net, transport: websocket, proxy: "http://127.0.0.1:1", credential: ${credential} }\nhealthz: { port: 0 }\nnas:\n` +
      '  - { name: a, match: { nasIpAddress: 192.0.2.1 }, secretEnv: SECRET, profile: cisco-ios }\n',
  );
  const { logger } = collectingLogger();
  const relay = await startRelay({ file, env: { SECRET: 'sixteen octets!!' }, log: logger });
  try {
    const answer = await fetch(`http://127.0.0.1:${relay.healthPort}/healthz`);
    const notAfter = certificateEnd(short)?.toISOString();
    expect(await answer.json()).toMatchObject({ certificate: { notAfter, credentialExpiry: 9 } });
  } finally {
    await relay.stop();
  }
});

test('each day it is said again, until the relay stops', async () => {
  const clock = manualSendClock();
  const { logger, entries } = collectingLogger();
  const watch = watchCertificate(new Date(START + 31 * DAY_MS), { clock, log: logger });
  await clock.advance(2 * DAY_MS);
  expect(entries.map(({ level }) => level)).toEqual(['info', 'info', 'warn']);
  expect(watch.health.credentialExpiry).toBe(29);
  watch.stop();
  expect(clock.pending).toBe(0);
});
