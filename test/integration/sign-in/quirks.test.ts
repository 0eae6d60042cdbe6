// The app is let in no more, or gets no answer: what is stored stays and goes on answering, what operators read
// says what to do, Microsoft is not asked in a storm, and once it is mended everything is read.

import { describe, expect, test } from 'vitest';
import { type ClientCertificate, createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import type { IntuneTenant } from '../../../local/intune-tenant/intune-tenant.ts';
import type { Script } from '../../../local/intune-tenant/script.ts';
import { createApp } from '../../../shared/app.ts';
import { readSettings } from '../../../shared/settings.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import {
  expectFailures,
  HOUR_MS,
  MINUTE_MS,
  standingOf,
  startQuirky,
  tickAfter,
  ticksUntilSwept,
} from '../../support/quirk-scenario.ts';
import { expectAllReported, expectNoFalseAnswer, startTurned } from '../../support/turned-fleet.ts';

type Env = Readonly<Record<string, string>>;

interface Refused {
  /** The connector signs in with a certificate that ends in half an hour, not with a secret. */
  readonly byCertificate?: boolean;
  readonly begin: (tenant: IntuneTenant) => void;
  /** What an operator does about it, in the tenant and in the settings. */
  readonly mend: (tenant: IntuneTenant) => Promise<Env> | Env;
  readonly code: string;
  readonly action: RegExp;
}

const pemOf = ({ certificatePem, privateKeyPem }: ClientCertificate): string => `${certificatePem}\n${privateKeyPem}`;

/** Until the test clears it, every request for a token meets this. */
function tokenScript(script: Omit<Script, 'target'>, code: string, action: RegExp): Refused {
  return {
    begin: (tenant) => tenant.script({ target: 'token', times: 1000, ...script }),
    mend: (tenant) => {
      tenant.clearScripts();
      return {};
    },
    code,
    action,
  };
}

async function uploadNew(tenant: IntuneTenant): Promise<Env> {
  const renewed = await createClientCertificate();
  tenant.behave({ clockSkewSeconds: 0 });
  tenant.register({ certificates: [...tenant.registration.certificates, renewed.certificatePem] });
  return { ENTRA_CLIENT_CERTIFICATE: pemOf(renewed) };
}

const REFUSED: readonly (readonly [string, Refused])[] = [
  [
    'consent is revoked',
    {
      begin: (tenant) => tenant.register({ roles: { graph: [], intune: [] } }),
      mend: (tenant) => {
        tenant.register({ roles: { graph: ['DeviceManagementManagedDevices.Read.All'], intune: [] } });
        return {};
      },
      code: 'NAC_SOURCE_FORBIDDEN',
      action: /DeviceManagementManagedDevices\.Read\.All.*admin consent/,
    },
  ],
  [
    'the secret has expired',
    {
      begin: (tenant) => {
        const expires = new Date(Date.now() - 1000).toISOString();
        tenant.register({ secrets: [{ value: tenant.clientSecret, expires }] });
      },
      mend: (tenant) => {
        tenant.register({ secrets: [...tenant.registration.secrets, { value: 'another-secret-of-the-application' }] });
        return { ENTRA_CLIENT_SECRET: 'another-secret-of-the-application' };
      },
      code: 'NAC_SOURCE_TOKEN',
      action: /secret has expired.*ENTRA_CLIENT_SECRET/,
    },
  ],
  [
    'the certificate has expired',
    {
      byCertificate: true,
      begin: (tenant) => tenant.behave({ clockSkewSeconds: 3600 }),
      mend: uploadNew,
      code: 'NAC_SOURCE_TOKEN',
      action: /has expired.*Certificates & secrets/,
    },
  ],
  [
    'the certificate was taken from the registration',
    {
      byCertificate: true,
      begin: (tenant) => tenant.register({ certificates: [] }),
      mend: uploadNew,
      code: 'NAC_SOURCE_TOKEN',
      action: /Certificates & secrets/,
    },
  ],
  [
    'its clock and that of Entra are twenty minutes apart',
    {
      byCertificate: true,
      begin: (tenant) => tenant.behave({ clockSkewSeconds: -1200 }),
      mend: (tenant) => {
        tenant.behave({ clockSkewSeconds: 0 });
        return {};
      },
      code: 'NAC_SOURCE_TOKEN',
      action: /clock/,
    },
  ],
  ['Entra hangs', tokenScript({ hang: true }, 'NAC_SOURCE_UNREACHABLE', /did not answer in time/)],
  ['Entra’s answer stalls', tokenScript({ damage: 'stalled' }, 'NAC_SOURCE_UNREACHABLE', /did not answer in time/)],
  ['Entra’s answer is truncated', tokenScript({ damage: 'truncated' }, 'NAC_SOURCE_TOKEN', /cut off/)],
  ['a captive portal answers for Entra', tokenScript({ answer: 'captivePortal' }, 'NAC_SOURCE_TOKEN', /proxy/)],
  [
    'Entra is unavailable for a while',
    tokenScript({ answer: 'temporarilyUnavailable' }, 'NAC_SOURCE_TOKEN', /tries again by itself/),
  ],
];

describe('while', () => {
  test.each(REFUSED)('%s, answers stay as they were; everything is read afterwards', async (_, refused) => {
    await using stack = new AsyncDisposableStack();
    const first = await createClientCertificate({ notAfter: new Date(Date.now() + HOUR_MS / 2) });
    const nac = stack.use(
      await startQuirky({
        // Each call asks for a token.
        tenant: { now: () => new Date(), tokenLifetimeSeconds: 200, clientCertificatePem: first.certificatePem },
        env: {
          HTTPS_READ_TIMEOUT: '1s',
          ...(refused.byCertificate && { ENTRA_CLIENT_SECRET: '', ENTRA_CLIENT_CERTIFICATE: pemOf(first) }),
        },
      }),
    );
    const fleet = await startTurned(nac);
    refused.begin(nac.tenant);
    const before = nac.tenant.stats().requests.token;
    nac.clock.advance(HOUR_MS);

    const results = [];
    for (let tick = 0; tick < 3; tick++) {
      results.push(await tickAfter(nac));
      await expectNoFalseAnswer(nac, fleet);
    }
    for (const name of fleet.turned) expect(await standingOf(nac, name), 'no other answer was given').toBe('compliant');
    expect(results.filter(({ kind }) => kind !== 'failed' && kind !== 'waiting')).toEqual([]);
    expectFailures(results, refused.code);
    const [failure] = results;
    expect(failure?.kind === 'failed' && failure.error.action).toMatch(refused.action);
    const attempts = results.filter(({ kind }) => kind === 'failed').length;
    expect(fleet.asked()).toBeLessThanOrEqual(attempts);
    expect(nac.tenant.stats().requests.token - before).toBeLessThanOrEqual(3 * attempts);

    // New settings mean a new process.
    const env = { ...nac.env, ...(await refused.mend(nac.tenant)) };
    const { logger: log } = collectingLogger();
    const onChange = async (change: (typeof nac.changes)[number]) => void nac.changes.push(change);
    const app = createApp(readSettings(env), { ...nac.overrides, log, onChange });
    stack.defer(() => app.close());
    expectFailures(await ticksUntilSwept({ ...nac, app }), undefined);
    await expectAllReported({ ...nac, app }, fleet);
  });
});

describe('a tenant whose clock is apart from ours', () => {
  test.each([[7200], [-7200]])('by %i seconds brings every change once, and nothing that is none', async (seconds) => {
    await using nac = await startQuirky({
      tenant: { behaviour: { clockSkewSeconds: seconds } },
      env: { CHANGED_DEVICES_INTERVAL: '1m' },
    });
    const fleet = await startTurned(nac);
    for (let tick = 0; tick < 4; tick++) {
      await tickAfter(nac);
      await expectNoFalseAnswer(nac, fleet);
    }
    await tickAfter(nac, HOUR_MS);
    await expectAllReported(nac, fleet);
  });

  test.each([[3000], [-3000]])(
    'by %i seconds and names a date to come back is asked then, not an hour later',
    async (seconds) => {
      await using nac = await startQuirky({ tenant: { behaviour: { clockSkewSeconds: seconds } } });
      const fleet = await startTurned(nac);
      nac.tenant.script({ target: 'page', answer: 'tooManyRequests', retryAfterDate: 150 });
      nac.clock.advance(HOUR_MS);

      const kinds = [await nac.app.poll(MINUTE_MS), ...(await ticksUntilSwept(nac))].map(({ kind }) => kind);
      // A hundred and fifty seconds, and up to a fifth more.
      expect(kinds.join()).toMatch(/^failed,waiting,waiting,(?:waiting,)?complete$/);
      await expectAllReported(nac, fleet);
    },
  );
});
