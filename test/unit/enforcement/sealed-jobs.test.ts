// Reports come from relays of all sites into one queue, and say themselves of which site they are: what a relay of
// another site could know, or make up, changes no job.

import { describe, expect, test } from 'vitest';
import { readCoaJob } from '../../../relay/read-coa-job.ts';
import { decideJob } from '../../../shared/domain/coa/enforcement-job.ts';
import { readReport } from '../../../shared/enforcement/read-report.ts';
import { rememberedSiteKeys } from '../../../shared/enforcement/site-keys.ts';
import { aSession } from '../../support/a-session.ts';
import { type OverriddenSite, overriddenSite } from '../../support/overridden-site.ts';

const MINUTE = 60_000;

/** A station at `hq` that is to be taken off the network: its job is queued. */
async function queued() {
  const site = await overriddenSite();
  const { decision } = await site.ask();
  await site.override({ mac: 'a0b1c2d3e401', block: true });
  await site.pass(MINUTE);
  const [job] = await site.jobs();
  if (job === undefined) throw new Error('no job');
  return { site, decision, job };
}

function report({ time }: OverriddenSite, jobId: string, fields: object = {}): object {
  const at = new Date(time.now).toISOString();
  const refused = { outcome: 'refused', errorCause: { code: 406, name: 'Unsupported Extension' } };
  return { jobId, attempt: 1, site: 'hq', relay: 'relay-1', stage: 'finished', at, ...refused, ...fields };
}

describe('a report', () => {
  test('by the relay that has read the job is taken', async () => {
    const { site, job } = await queued();
    await site.background.report(report(site, job.id));
    expect(await site.jobs()).toMatchObject([{ id: job.id, stage: 'refused', relay: 'relay-1' }]);
  });

  test.each<[string, (id: string, session: string) => string]>([
    ['time, session and what made the difference, which a switch could know', (id) => id.replace(/_[0-9a-f]{16}$/, '')],
    ['a seal of its own', (id) => id.replace(/[0-9a-f]{16}$/, '0123456789abcdef')],
    [
      'the seal by the key of another site',
      (id, session) => {
        const [time = '', , rest = ''] = id.split('-');
        const decidedAt = new Date(9_999_999_999_999 - Number(time)).toISOString();
        const version = rest.replace(/_[0-9a-f]{16}$/, '');
        const siteKey = 'branch'.padEnd(64, '0');
        return decideJob({
          session: aSession({ id: session }),
          siteKey,
          version,
          reason: '',
          decidedAt,
          now: decidedAt,
        }).id;
      },
    ],
    ['the seal in capitals', (id) => id.replace(/[0-9a-f]{16}$/, (seal) => seal.toUpperCase())],
  ])('with %s changes nothing', async (_, forge) => {
    const { site, decision, job } = await queued();
    expect(decision.id.slice(0, 20)).toBe(job.sessionId);
    const forged = forge(job.id, job.sessionId);
    expect(forged).not.toBe(job.id);
    await site.background.report(report(site, forged));
    expect((await site.jobs()).map(({ id, stage }) => [id, stage])).toEqual([[job.id, 'queued']]);
    expect(site.log.map(({ event }) => event)).toContain('enforcement.report-without-job');
  });

  test('of a job of another site is looked for at the site that it names, where there is none', async () => {
    const { site, job } = await queued();
    await site.background.report(report(site, job.id, { site: 'branch' }));
    expect((await site.jobs()).map(({ stage }) => stage)).toEqual(['queued']);
  });
});

describe('a sealed id', () => {
  const session = aSession();
  const decision = {
    session,
    version: 'v7_0a1b2c3d',
    reason: 'x',
    decidedAt: '2026-11-30T08:00:00.000Z',
    now: '2026-11-30T08:00:00.000Z',
  };

  test('is the same for the same decision, and another for another site, session, time or difference', () => {
    const sealed = (fields: Partial<Parameters<typeof decideJob>[0]> = {}): string =>
      decideJob({ ...decision, siteKey: 'a', ...fields }).id.slice(-16);
    expect(sealed()).toBe(sealed());
    const others = [
      sealed({ siteKey: 'b' }),
      sealed({ session: { ...session, site: 'branch' } }),
      sealed({ session: { ...session, id: session.id.replace('0', '1') } }),
      sealed({ version: 'v8_0a1b2c3d' }),
      sealed({ decidedAt: '2026-11-30T08:00:00.001Z' }),
    ];
    expect(new Set([sealed(), ...others]).size).toBe(6);
  });

  test('is one that every relay takes, and that comes back in its report', () => {
    const longest = decideJob({ ...decision, siteKey: 'a', version: 'notAuthenticated_0a1b2c3d' });
    const { id, attempt, site, action, decidedAt, expiresAt, nas } = longest;
    const message = { id, attempt, site, action, decidedAt, expiresAt, nas, session: longest.session };
    expect(readCoaJob(message, 'hq')).toMatchObject({ ok: true, job: { id } });
    const report = { jobId: id, attempt, site, relay: 'r', stage: 'taken', at: decidedAt };
    expect(readReport(report).jobId).toBe(id);
  });
});

test('keys of sites are read once a minute, and once more for a new site', async () => {
  let [reads, now] = [0, 0];
  const sites = [{ site: 'hq', sessionKey: 'a' }];
  const keyOf = rememberedSiteKeys(
    async () => {
      reads += 1;
      return [...sites];
    },
    { now: () => new Date(now) },
  );
  expect(await Promise.all([keyOf('hq'), keyOf('hq'), keyOf('hq')])).toEqual(['a', 'a', 'a']);
  expect(reads).toBe(1);
  sites.push({ site: 'branch', sessionKey: 'b' });
  expect(await keyOf('branch')).toBe('b');
  expect(reads).toBe(2);
  now += MINUTE;
  await keyOf('hq');
  expect(reads).toBe(3);
});
