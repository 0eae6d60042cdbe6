// Metrics and spans as Azure Monitor gets them, by Microsoft's own exporter.

import { beforeEach, expect, test, vi } from 'vitest';
import { METRIC_KB, SPAN_KB } from '../../../scripts/cost-model.ts';
import { systemClock } from '../../../shared/adapters/system/system-clock.ts';
import { openCollected } from '../../../shared/adapters/telemetry/open-collected.ts';
import type { OpenedTelemetry } from '../../../shared/adapters/telemetry/open-telemetry.ts';
import { type BreezeReceiver, type Envelope, startBreezeReceiver } from '../../support/breeze-receiver.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

// As infra/modules/app-settings.bicep sets it; the exporter reads it itself.
beforeEach(() => {
  vi.stubEnv('APPLICATION_INSIGHTS_NO_STATSBEAT', 'true');
  vi.stubEnv('APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED', 'true');
});

function openFor(
  { connectionString, caPem }: BreezeReceiver,
  log = collectingLogger().logger,
): Promise<OpenedTelemetry> {
  const credential = {
    getToken: async () => ({ token: 'of-the-identity', expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  return openCollected({
    azureMonitor: { connectionString, credential },
    extraCa: caPem,
    intervalMs: 3_600_000,
    resource: {
      'service.name': 'func-nac-0123456789',
      'service.instance.id': 'a'.repeat(64),
      'service.version': '0.1.0',
    },
    clock: systemClock,
    log,
  });
}

/** The columns that are billed: what the envelope says, and what the workspace adds to each row. */
function billedKilobytes({ tags, data, iKey = '' }: Envelope): number {
  const ADDED = 36 + 36 + 36 + 8 + 8 + 4 + 60;
  const { properties = {}, metrics = [], ...rest } = data.baseData;
  const values = [
    ...Object.values(tags),
    iKey,
    JSON.stringify(properties),
    metrics[0]?.name ?? '',
    ...Object.values(rest),
  ];
  return (ADDED + values.map(String).join('').length + 32 * metrics.length) / 1_000;
}

test('each series is a row with its labels, sent as the identity, and no longer than the estimate of cost says', async () => {
  await using receiver = await startBreezeReceiver();
  const telemetry = await openFor(receiver);
  const labels = { 'nac.decision': 'permit', 'nac.rule': 'permit-compliant-by-certificate', 'nac.role': 'quarantine' };
  telemetry.count('nac.lookups', { ...labels, 'nac.site': 'branch-of-the-north', 'nac.source': 'intune' }, 3);
  telemetry.record('nac.job.proof.duration', 2, { 'nac.site': 'hq' });
  telemetry.record('nac.job.proof.duration', 4, { 'nac.site': 'hq' });
  await telemetry.close();

  expect(new Set(receiver.credentials)).toEqual(new Set(['Bearer of-the-identity']));
  const rows = receiver.envelopes.map(({ data }) => data.baseData);
  const row = (name: string) => rows.find(({ metrics }) => metrics?.[0]?.name === name);
  expect(rows).toHaveLength(2);
  expect(row('nac.lookups')).toMatchObject({ metrics: [{ value: 3 }], properties: labels });
  expect(row('nac.job.proof.duration')).toMatchObject({ metrics: [{ value: 6, count: 2 }] });
  expect(receiver.envelopes[0]?.tags).toMatchObject({ 'ai.cloud.role': 'func-nac-0123456789' });
  for (const envelope of receiver.envelopes) expect(billedKilobytes(envelope)).toBeLessThanOrEqual(METRIC_KB);
});

test('a span is a dependency, so that no alert takes it for a request', async () => {
  await using receiver = await startBreezeReceiver();
  const telemetry = await openFor(receiver);
  const attributes = {
    'nac.job.id': `${'1'.repeat(13)}-${'a'.repeat(20)}-v12`,
    'nac.site': 'hq',
    'nac.job.attempt': 1,
  };
  await telemetry.span('nac.job.decide', { attributes }, () =>
    telemetry.span('nac.job.queue', { attributes, kind: 'producer' }, async () => undefined),
  );
  await telemetry.close();
  expect(receiver.envelopes.map(({ data }) => [data.baseData.name, data.baseType])).toEqual([
    ['nac.job.queue', 'RemoteDependencyData'],
    ['nac.job.decide', 'RemoteDependencyData'],
  ]);
  for (const envelope of receiver.envelopes) expect(billedKilobytes(envelope)).toBeLessThanOrEqual(SPAN_KB);
});

test('an identity without the right is logged, once', async () => {
  await using receiver = await startBreezeReceiver(403);
  const { logger, entries } = collectingLogger();
  const telemetry = await openFor(receiver, logger);
  for (let i = 0; i < 3; i++) {
    telemetry.count('nac.sweep.pages', { 'nac.source': 'intune' });
    await telemetry.flush();
  }
  await telemetry.close();
  expect(entries.filter(({ event }) => event === 'telemetry.not-sent').map(({ fields }) => fields)).toEqual([
    expect.objectContaining({ code: 'NAC_TELEMETRY', collector: 'azure-monitor' }),
  ]);
});
