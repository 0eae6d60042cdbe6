// What the OpenTelemetry SDK collects from our instruments, and what it passes on.

import { describe, expect, test } from 'vitest';
import { TRACES_PER_MINUTE } from '../../../../shared/adapters/telemetry/trace-sampler.ts';
import { parseTraceparent } from '../../../../shared/domain/traceparent.ts';
import { INSTRUMENTS, LABELS, type LabelName } from '../../../../shared/ports/instruments.ts';
import { collectedTelemetry } from '../../../support/collected-telemetry.ts';

const nothing = async (): Promise<void> => undefined;

describe('metrics', () => {
  test('a counter sums by its labels', async () => {
    const { telemetry, points } = collectedTelemetry();
    telemetry.count('nac.sweep.pages', { 'nac.source': 'intune' }, 3);
    telemetry.count('nac.sweep.pages', { 'nac.source': 'intune' }, 4);
    telemetry.count('nac.sweep.pages', { 'nac.source': 'meraki' });
    expect((await points()).get('nac.sweep.pages')).toEqual([
      { labels: { 'nac.source': 'intune' }, value: 7 },
      { labels: { 'nac.source': 'meraki' }, value: 1 },
    ]);
  });

  test('a histogram has the bounds of its instrument, a gauge its newest value', async () => {
    const { telemetry, points } = collectedTelemetry();
    telemetry.record('nac.lookup.duration', 0.02, { 'nac.site': 'hq' });
    telemetry.set('nac.held.devices', 5, { 'nac.source': 'intune' });
    telemetry.set('nac.held.devices', 2, { 'nac.source': 'intune' });
    telemetry.observe('nac.relay.jobs_waiting', () => 9);
    const collected = await points();
    expect(collected.get('nac.lookup.duration')?.[0]?.value).toMatchObject({
      count: 1,
      sum: 0.02,
      buckets: { boundaries: INSTRUMENTS['nac.lookup.duration'].bounds },
    });
    expect(collected.get('nac.held.devices')).toEqual([{ labels: { 'nac.source': 'intune' }, value: 2 }]);
    expect(collected.get('nac.relay.jobs_waiting')).toEqual([{ labels: {}, value: 9 }]);
  });
});

test('instruments are named and labelled as the semantic conventions have it', () => {
  for (const [name, { unit, labels }] of Object.entries(INSTRUMENTS)) {
    expect(name).toMatch(/^nac(\.[a-z][a-z_]*)+$/);
    expect(unit).toMatch(/^(s|d|1|\{[a-z]+\})$/);
    for (const label of labels) expect(Object.keys(LABELS)).toContain(label);
  }
  for (const label of Object.keys(LABELS) as LabelName[]) expect(label).toMatch(/^(nac(\.[a-z_]+)+|error\.type)$/);
});

describe('spans', () => {
  test('are parts of what is under way, across awaits', async () => {
    const { telemetry, spans } = collectedTelemetry();
    await telemetry.span('nac.poll', {}, async () => {
      await new Promise(setImmediate);
      await telemetry.span('nac.change', { attributes: { 'nac.source': 'intune' } }, nothing);
    });
    const [change, poll] = spans();
    expect([change?.name, poll?.name]).toEqual(['nac.change', 'nac.poll']);
    expect(change).toMatchObject({ traceId: poll?.traceId, parentId: poll?.spanId });
    expect(poll?.parentId).toBeUndefined();
  });

  test('go on with the traceparent of a message', async () => {
    const { telemetry, spans } = collectedTelemetry();
    const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    let within: string | undefined;
    await telemetry.span('nac.relay.job', { parent, kind: 'consumer' }, async () => {
      within = telemetry.traceparent();
    });
    const [span] = spans();
    expect(span).toMatchObject({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', parentId: '00f067aa0ba902b7' });
    expect(parseTraceparent(within)).toEqual({ traceId: span?.traceId, spanId: span?.spanId, sampled: true });
    expect(telemetry.traceparent()).toBeUndefined();
  });

  test.each(['00-zz', '', 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'x'.repeat(10_000)])(
    'begin a trace of their own where the traceparent is none: %.40s',
    async (parent) => {
      const { telemetry, spans } = collectedTelemetry();
      await telemetry.span('nac.relay.job', { parent }, nothing);
      expect(spans()).toHaveLength(1);
      expect(spans()[0]?.parentId).toBeUndefined();
    },
  );

  test('a trace that was not kept where it began is not kept here', async () => {
    const { telemetry, spans } = collectedTelemetry();
    const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
    await telemetry.span('nac.relay.job', { parent }, async () => {
      expect(telemetry.traceparent()).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
    });
    expect(spans()).toEqual([]);
  });

  test('a frame without parts is not reported', async () => {
    const { telemetry, spans } = collectedTelemetry();
    const reportIf = (parts: number): boolean => parts > 0;
    await telemetry.span('nac.poll', { reportIf }, nothing);
    expect(spans()).toEqual([]);
    await telemetry.span('nac.poll', { reportIf }, () => telemetry.span('nac.change', {}, nothing));
    expect(spans().map(({ name }) => name)).toEqual(['nac.change', 'nac.poll']);
  });

  test('a failure is noted by its code, and thrown on', async () => {
    const { telemetry, spans } = collectedTelemetry();
    const failure = Object.assign(new Error('alice@contoso.com is away'), { code: 'NAC_QUEUE_UNAVAILABLE' });
    await expect(telemetry.span('nac.job.queue', {}, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(spans()[0]).toMatchObject({ failed: true, attributes: { 'error.type': 'NAC_QUEUE_UNAVAILABLE' } });
    expect(JSON.stringify(spans())).not.toContain('alice');
  });

  test('so many changes a minute at most, each whole or not at all', async () => {
    let now = new Date('2026-11-30T08:00:00Z');
    const { telemetry, spans } = collectedTelemetry(() => now);
    const change = () =>
      telemetry.span('nac.change', {}, () =>
        telemetry.span('nac.job.decide', {}, () => telemetry.span('nac.job.queue', {}, nothing)),
      );
    const poll = () =>
      telemetry.span('nac.poll', {}, async () => {
        for (let i = 0; i < 10 * TRACES_PER_MINUTE; i++) await change();
      });
    await poll();
    const count = (name: string): number => spans().filter((span) => span.name === name).length;
    for (const name of ['nac.change', 'nac.job.decide', 'nac.job.queue']) expect(count(name)).toBe(TRACES_PER_MINUTE);
    now = new Date(now.getTime() + 60_000);
    await poll();
    expect(count('nac.job.queue')).toBe(2 * TRACES_PER_MINUTE);
  });
});
