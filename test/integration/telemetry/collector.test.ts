// What metrics and traces must not do, as a collector on loopback gets them over OTLP; what they say: site.test.ts.

import { expect, test } from 'vitest';
import type { CoaJob } from '../../../shared/domain/coa-job.ts';
import { OTHER } from '../../../shared/ports/instruments.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import {
  account,
  acknowledge,
  ask,
  type Enforcement,
  jobsOf,
  pollAgain,
  report,
  startEnforcement,
  stationOf,
  takeJobs,
  takeMessages,
  turn,
  turnWhileConnected,
} from '../enforcement/enforcement-fixture.ts';

const collectedBy = ({ url }: { readonly url: string }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url });

/** A message as the relay of a site gets it, with the trace that it goes on with. */
async function takeOne(nac: Enforcement): Promise<{ job: CoaJob; trace: string }> {
  const [message] = await takeMessages(nac, 'hq');
  const { traceparent, 'Diagnostic-Id': diagnosticId } = message?.applicationProperties ?? {};
  expect(diagnosticId).toBe(traceparent);
  return { job: message?.body, trace: String(traceparent) };
}

test('reports and jobs of neighbouring versions, and of relays that make things up, are taken as they are', async () => {
  await using collector = await startOtlpReceiver();
  await using nac = await startEnforcement(collectedBy(collector));
  await turnWhileConnected(nac, 'NAC-00001');
  const { job } = await takeOne(nac);
  const elsewhere = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await report(nac, job, 'taken', { trace: elsewhere, relay: 'aa-bb-cc-dd-ee-ff' });
  await nac.app.report({
    ...{ jobId: job.id, attempt: 1, site: 'hq', relay: 'alice@contoso.com', stage: 'finished' },
    ...{ at: nac.clock.now().toISOString(), outcome: 'refused', trace: { deep: true }, profile: 'alice@contoso.com' },
    ...{ errorCause: { code: 4_000, name: 'alice@contoso.com' }, hint: 'aa:bb:cc:dd:ee:ff' },
  });
  expect(await jobsOf(nac)).toMatchObject([{ stage: 'refused' }]);
  await nac.app.close();
  // The trace of a stranger stays empty; the report hangs in the job's own.
  expect(collector.spans.filter(({ traceId }) => elsewhere.includes(traceId))).toEqual([]);
  expect(collector.series('nac.job.stages').map(({ labels }) => labels)).toContainEqual({
    ...{ 'nac.job.stage': 'refused', 'nac.job.cause': OTHER, 'nac.nas.profile': 'unknown', 'nac.site': 'hq' },
  });
});

test('no label of a metric and no span says who or what a station, a device or a person is', async () => {
  await using collector = await startOtlpReceiver();
  await using nac = await startEnforcement(collectedBy(collector));
  const { mac, device } = stationOf(nac, 'NAC-00001');
  const secrets = [
    'alice@contoso.com',
    'CONTOSO\\alice',
    mac,
    device,
    '10.7.7.7',
    'switch-of-alice',
    'A-77',
    'Gi1/0/7',
  ];
  const [user = '', account1 = ''] = secrets;
  for (const userName of [user, account1, mac, device, `host/${device}.contoso.com`]) {
    for (const method of ['mab', 'eap-tls', 'peap']) {
      const request = {
        ...{ method, userName, callingStationId: mac, calledStationId: `${mac}:alice`, nasIpAddress: '10.7.7.7' },
        ...{ nasIdentifier: 'switch-of-alice', nasPortId: 'Gi1/0/7', acctSessionId: 'A-77' },
        certificate: { sanUri: [`ID:Microsoft Endpoint Manager:GUID:${device}`], commonName: user },
      };
      await nac.app.lookup(nac.apiKey, JSON.stringify(request)).catch(() => undefined);
    }
  }
  await account(nac, 'NAC-00001', { status: 'Start', userName: user, nasIpAddress: '10.7.7.7', acctSessionId: 'A-77' });
  turn(nac, 'NAC-00001', 'noncompliant');
  await pollAgain(nac);
  for (const job of await takeJobs(nac)) await acknowledge(nac, job);
  await nac.app.enforce();
  await nac.app.close();

  expect(collector.names.size).toBeGreaterThan(5);
  expect(collector.spans.length).toBeGreaterThan(3);
  const bare = mac.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  const sent = [...collector.labelValues(), ...collector.spans.map(({ attributes }) => JSON.stringify(attributes))];
  for (const text of sent) {
    for (const secret of [...secrets, bare]) expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
  }
});

test('an app whose collector hangs answers and ends all the same', async () => {
  await using collector = await startOtlpReceiver({ hangs: true });
  await using nac = await startEnforcement(collectedBy(collector));
  expect((await ask(nac, 'NAC-00001')).decision.rule).toBe('permit-compliant');
  await nac.app.close();
  expect(collector.texts).toEqual([]);
});
