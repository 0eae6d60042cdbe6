// Devices that are not stored yet: asked about while the RADIUS server waits, stored in the background, and what
// enforcement makes of a session that rests on Intune's own word. The tenant over HTTPS, Azurite, the embedded broker.

import { describe, expect, test, vi } from 'vitest';
import { taskRow } from '../../../shared/adapters/table-storage/row-keys.ts';
import { createApp } from '../../../shared/app.ts';
import type { LookupAnswer } from '../../../shared/lookup/answer-lookup.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import { readSettings } from '../../../shared/settings.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import type { ConnectorFixture } from '../../support/connector-fixture.ts';
import {
  type Enforcement,
  jobsOf,
  MINUTE_MS,
  pollAgain,
  startEnforcement,
} from '../enforcement/enforcement-fixture.ts';

/** Deadlines that a busy machine keeps; one instance has the whole share. */
const ENV = {
  LIVE_QUERY_DEADLINE: '600ms',
  LOOKUP_DEADLINE: '10s',
  LIVE_QUERIES_PER_SECOND: '1000',
  MAXIMUM_INSTANCE_COUNT: '1',
};

type Asked = Pick<ConnectorFixture, 'app' | 'apiKey'>;

function askByCertificate({ app, apiKey }: Asked, id: string): Promise<LookupAnswer> {
  const certificate = { sanUri: [`IntuneDeviceId://${id}`] };
  const place = { callingStationId: 'A4-BB-6D-00-00-01', nasIpAddress: '10.1.1.1' };
  return app.lookup(apiKey, JSON.stringify({ method: 'eap-tls', eapType: 'TLS', certificate, ...place }));
}

/** Asks until Intune answers in time: the first question also loads what signs in. */
async function askWarm(nac: Enforcement, id: string): Promise<LookupAnswer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await askByCertificate(nac, id);
    if (answer.decision.device !== undefined || attempt === 20) return answer;
    nac.clock.advance(11_000);
  }
}

const standings = (answer: LookupAnswer): unknown[] => {
  const { standing, role, source } = renderJson(answer);
  return [standing, role, source];
};

const enrol = ({ tenant }: Enforcement): string => tenant.fleet.add({ complianceState: 'compliant' }).id;

describe('a device that enrolled after the last sweep', () => {
  test('gets on at once by its certificate, and is stored in the background before the next sweep', async () => {
    await using nac = await startEnforcement(ENV);
    const id = enrol(nac);
    expect(standings(await askWarm(nac, id))).toEqual(['compliant', 'compliant', 'live']);
    const sweeps = nac.tenant.stats().requests.page;
    await nac.app.poll(MINUTE_MS);
    expect(await nac.devices.read({ source: 'intune', id })).toMatchObject({ presence: 'present' });
    expect(nac.tenant.stats().requests.page).toBe(sweeps);
    expect(standings(await askByCertificate(nac, id))).toEqual(['compliant', 'compliant', 'store']);
    expect(await jobsOf(nac)).toEqual([]);
  });

  test('has Graph asked by the poll alone, which finds the service for everybody', async () => {
    await using nac = await startEnforcement(ENV);
    const graph = (): number => nac.tenant.stats().requests.endpoints;
    const found = graph();
    expect(found).toBe(1);
    expect(standings(await askWarm(nac, enrol(nac)))).toEqual(['compliant', 'compliant', 'live']);
    expect(graph()).toBe(found);

    nac.clock.advance(61 * MINUTE_MS);
    await nac.app.poll(MINUTE_MS);
    expect(graph()).toBe(found + 1);
  });

  test('costs no sweep when what is stored of the service is damaged', async () => {
    await using nac = await startEnforcement(ENV);
    await nac.tables.polling.upsertEntity({ ...taskRow('service-address'), columns: 1, state0: '{' }, 'Replace');
    await pollAgain(nac);
    expect(nac.log.filter(({ event }) => event === 'store.row-passed-over').map(({ fields }) => fields)).toMatchObject([
      { code: 'NAC_STORE_ROW', message: expect.stringContaining('task|service-address') },
    ]);
  });

  test('has to authenticate again once the background knows it, if Intune gave no answer in time', async () => {
    await using nac = await startEnforcement({ ...ENV, LIVE_QUERIES_PER_SECOND: '0' });
    const id = enrol(nac);
    expect(standings(await askByCertificate(nac, id))).toEqual(['notEnrolled', 'quarantine', 'store']);
    await nac.app.poll(MINUTE_MS);
    expect(await jobsOf(nac)).toMatchObject([{ wanted: { role: 'compliant' }, answered: { role: 'quarantine' } }]);
  });
});

describe('a session that rests on Intune’s own word', () => {
  test('is left alone by the reconciliation while the device is not stored', async () => {
    await using nac = await startEnforcement(ENV);
    const id = enrol(nac);
    expect(standings(await askWarm(nac, id))).toEqual(['compliant', 'compliant', 'live']);

    // Graph does not list it yet, and answers no question about single devices.
    nac.tenant.fleet.hide(id);
    nac.tenant.script({ target: 'batch', status: 503, times: 1000 });
    await pollAgain(nac);
    await nac.app.enforce();
    expect(await nac.devices.read({ source: 'intune', id })).toBeUndefined();
    expect(await jobsOf(nac)).toEqual([]);

    // Now it answers that there is no such device: the word ends.
    nac.tenant.clearScripts();
    await pollAgain(nac);
    expect(await nac.devices.read({ source: 'intune', id })).toMatchObject({ presence: 'gone' });
    expect(await jobsOf(nac)).toMatchObject([{ answered: { role: 'compliant' }, wanted: { role: 'quarantine' } }]);
  });
});

describe('an Intune that hangs while unknown certificates come in masses', () => {
  /** Its deadlines pass when the test says so; nothing that ends before was held up by them. */
  function stoppedClock(): Clock & { pass(milliseconds: number): void } {
    const now = new Date();
    const deadlines: { after: number; controller: AbortController }[] = [];
    return {
      now: () => now,
      deadline(after) {
        const controller = new AbortController();
        deadlines.push({ after, controller });
        return controller.signal;
      },
      within(milliseconds, work) {
        return work(this.deadline(milliseconds));
      },
      pass(milliseconds) {
        for (const { after, controller } of deadlines.splice(0)) if (after <= milliseconds) controller.abort();
      },
    };
  }

  test('holds up no known device, is asked no more than its share, and keeps no request beyond the deadline', async () => {
    await using nac = await startEnforcement(ENV);
    const clock = stoppedClock();
    const env = { ...nac.env, ServiceBusConnection: '', LIVE_QUERIES_PER_SECOND: '20' };
    const app = createApp(readSettings(env), { clock, log: collectingLogger().logger });
    const asked = { app, apiKey: nac.apiKey };
    nac.tenant.script({ target: 'complianceDevice', hang: true, times: 1_000_000 });

    let ended = 0;
    const unknown = Array.from({ length: 100 }, async (_, index) => {
      const answer = await askByCertificate(asked, `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
      ended += 1;
      return answer;
    });
    const known = nac.tenant.fleet.list({}).value.slice(0, 10);
    const answers = await Promise.all(known.map(({ id }) => askByCertificate(asked, id)));
    expect(answers.map(({ decision }) => decision.device?.id)).toEqual(known.map(({ id }) => id));

    // Those over the client's share wait for nothing; the others wait for Intune, and for no longer than they may.
    await vi.waitFor(() => expect(ended).toBe(85), { timeout: 30_000 });
    clock.pass(600);
    const left = await Promise.all(unknown);
    expect(left.every(({ decision }) => decision.standing === 'notEnrolled')).toBe(true);
    expect(nac.tenant.stats().requests.complianceDevice).toBeLessThanOrEqual(15);
    await app.close();
  });
});
