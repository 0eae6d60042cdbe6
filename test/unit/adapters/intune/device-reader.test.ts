// Point reads and the changed-devices filter over real HTTPS, against answers as Graph gives them.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGraphClient } from '../../../../shared/adapters/graph/graph-client.ts';
import { readBatchAnswers } from '../../../../shared/adapters/graph/read-batch-answers.ts';
import { createDeviceReader } from '../../../../shared/adapters/intune/device-reader.ts';
import { SourceError } from '../../../../shared/errors.ts';
import type { CheckIns, DeviceReads, HardwareReads } from '../../../../shared/ports/device-reader.ts';
import { aDeviceOfFleet } from '../../../support/a-device.ts';
import { adjustableClock } from '../../../support/adjustable-clock.ts';
import { cheapValue } from '../../../support/cheap-value.ts';
import { type ScriptedHttps, startScriptedHttps, tokensWith } from '../../../support/scripted-https.ts';

const PERMISSION = 'DeviceManagementManagedDevices.Read.All';

let graph: ScriptedHttps;
beforeAll(async () => {
  graph = await startScriptedHttps();
});
afterAll(() => graph[Symbol.asyncDispose]());

function reader(...roles: string[]): CheckIns & DeviceReads & HardwareReads {
  graph.requests.length = 0;
  const clock = adjustableClock();
  return createDeviceReader('intune', createGraphClient(graph.url, tokensWith(...roles), graph.transport), clock);
}

const id = (number: number): string => aDeviceOfFleet(number).id;

interface SubRequest {
  readonly id: string;
  readonly url: string;
}

/** Answers a $batch, the last request first, each by what `answer` makes of its device id. */
function batch(answer: (deviceId: string, request: SubRequest) => Record<string, unknown> | undefined): void {
  graph.reply = ({ body }) => {
    const { requests } = JSON.parse(body) as { requests: SubRequest[] };
    const responses = requests.toReversed().flatMap((request) => {
      const deviceId = /managedDevices\/([^?]+)/.exec(request.url)?.[1] ?? '';
      const response = answer(deviceId, request);
      return response === undefined ? [] : [{ id: request.id, ...response }];
    });
    return { body: { responses } };
  };
}

const found = (deviceId: string, fields: Record<string, unknown> = {}) => ({
  status: 200,
  body: { id: deviceId, complianceState: 'compliant', ...fields },
});

describe('reading devices by id', () => {
  test('asks for twenty at a time and gives each its own answer, in the order asked', async () => {
    batch((deviceId) => found(deviceId, { deviceName: deviceId.slice(-3) }));
    const ids = Array.from({ length: 45 }, (_, number) => id(number));
    const readings = await reader().readDevices(ids);
    expect(readings.map((reading) => reading.kind === 'found' && reading.device.id)).toEqual(ids);
    const sizes = graph.requests.map(({ body }) => (JSON.parse(body) as { requests: unknown[] }).requests.length);
    expect(sizes).toEqual([20, 20, 5]);
  });

  test('judges each sub-response by itself', async () => {
    batch((deviceId) => {
      switch (deviceId) {
        case id(0):
          return found(deviceId);
        case id(1):
          return { status: 404, body: { error: { code: 'ResourceNotFound' } } };
        case id(2):
          return { status: 429, headers: { 'Retry-After': '2.5' }, body: { error: { code: 'TooManyRequests' } } };
        case id(3):
          return { status: 424 };
        case id(4):
          return found(id(99));
        case id(5):
          return { status: 200, body: 'bm90IEpTT04=' };
        default:
          return undefined;
      }
    });
    const readings = await reader().readDevices([0, 1, 2, 3, 4, 5, 6].map(id));
    expect(readings.map(({ kind }) => kind)).toEqual(['found', 'absent', ...Array.from({ length: 5 }, () => 'failed')]);
    const errors = readings.flatMap((reading) => (reading.kind === 'failed' ? [reading.error] : []));
    expect(errors.map(({ code }) => code)).toEqual([
      'NAC_SOURCE_THROTTLED',
      'NAC_SOURCE_UNAVAILABLE',
      'NAC_SOURCE_RECORD',
      'NAC_SOURCE_RECORD',
      'NAC_SOURCE_PAGE',
    ]);
    expect(errors[0]?.retryAfterMs).toBe(2500);
  });

  test('asks no further once a whole call was refused, and says so of every device left', async () => {
    graph.reply = () => ({ status: 429, headers: { 'retry-after': '7' }, body: {} });
    const readings = await reader().readDevices(Array.from({ length: 50 }, (_, number) => id(number)));
    expect(graph.requests).toHaveLength(1);
    expect(readings).toHaveLength(50);
    expect(readings.every((reading) => reading.kind === 'failed' && reading.error.retryAfterMs === 7000)).toBe(true);
  });

  test('never sends what is no device id', async () => {
    batch((deviceId) => found(deviceId));
    const readings = await reader().readDevices(['x/../../me', id(1)]);
    expect(readings.map(({ kind }) => kind)).toEqual(['failed', 'found']);
    expect(graph.requests[0]?.body).not.toContain('..');
  });

  test('reads nothing for no device', async () => {
    expect(await reader().readDevices([])).toEqual([]);
    expect(graph.requests).toHaveLength(0);
  });
});

describe('reading what lists leave out', () => {
  test('selects the properties in a read by id', async () => {
    batch((deviceId, { url }) => {
      expect(url).toBe(`/deviceManagement/managedDevices/${deviceId}?$select=id,ethernetMacAddress,udid`);
      if (deviceId === id(2)) return { status: 404 };
      if (deviceId === id(3)) return { status: 200, body: { id: deviceId, ethernetMacAddress: 7 } };
      const ethernetMacAddress = deviceId === id(0) ? 'A0B1C2000001' : null;
      return { status: 200, body: { id: deviceId, ethernetMacAddress, udid: '' } };
    });
    const readings = await reader().readHardware([0, 1, 2, 3].map(id));
    expect(readings).toMatchObject([
      { kind: 'found', ethernetMac: 'a0b1c2000001' },
      { kind: 'found' },
      { kind: 'absent' },
      { kind: 'failed' },
    ]);
    expect(readings[1]).not.toHaveProperty('ethernetMac');
    expect(readings[1]).not.toHaveProperty('udid');
  });
});

describe('devices that checked in since', () => {
  const SINCE = '2026-11-20T08:00:00.000Z';

  function page(...times: (string | null)[]): void {
    const value = times.map((lastSyncDateTime, number) => ({
      id: id(number),
      complianceState: 'compliant',
      lastSyncDateTime,
    }));
    graph.reply = () => ({ body: { value } });
  }

  test('are asked for with gt, the operator that is documented', async () => {
    page('2026-11-20T08:00:01Z');
    expect((await reader().listCheckedInSince(SINCE, undefined)).filtered).toBe(true);
    expect(graph.requests[0]?.target).toContain(`&$filter=lastSyncDateTime gt ${SINCE}`);
  });

  test.each([
    ['no device', [], true],
    ['one in the very millisecond, since Graph counts finer', ['2026-11-20T08:00:00.0004Z'], true],
    ['one from before', ['2026-11-20T09:00:00Z', '2026-11-20T07:59:59.999Z'], false],
    ['only ones that never checked in', [null, '0001-01-01T00:00:00Z'], false],
    ['one that never checked in among others', ['2026-11-20T09:00:00Z', null], true],
  ])('with %s in the answer: filtered', async (_, times, filtered) => {
    page(...times);
    expect((await reader().listCheckedInSince(SINCE, undefined)).filtered).toBe(filtered);
  });

  test('follow a next link as it was given, on Graph’s own host only', async () => {
    const cursor = `${graph.url}/v1.0/deviceManagement/managedDevices?$skiptoken=a%2Fb`;
    page();
    await reader().listCheckedInSince(SINCE, cursor);
    expect(graph.requests[0]?.target).toBe('/v1.0/deviceManagement/managedDevices?$skiptoken=a/b');
    await expect(reader().listCheckedInSince(SINCE, 'https://evil.example/')).rejects.toMatchObject({
      code: 'NAC_SOURCE_PAGE',
    });
    expect(graph.requests).toHaveLength(0);
  });
});

describe('a 403', () => {
  test('for a token that carries the permission passes three times, then an operator has to act', async () => {
    graph.reply = () => ({ status: 403, body: { error: { code: 'Forbidden' } } });
    const devices = reader(PERMISSION);
    const codes: string[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const [reading] = await devices.readDevices([id(0)]);
      if (reading?.kind === 'failed') codes.push(reading.error.code);
    }
    expect(codes).toEqual([...Array.from({ length: 3 }, () => 'NAC_SOURCE_UNAVAILABLE'), 'NAC_SOURCE_FORBIDDEN']);
  });

  test('counts from zero after an answer', async () => {
    const devices = reader(PERMISSION);
    const forbid = (): void => batch(() => ({ status: 403, body: {} }));
    for (let round = 0; round < 3; round++) {
      for (let attempt = 0; attempt < 3; attempt++) {
        forbid();
        expect(await devices.readDevices([0, 1, 2].map(id))).toMatchObject(
          Array.from({ length: 3 }, () => ({ kind: 'failed', error: { code: 'NAC_SOURCE_UNAVAILABLE' } })),
        );
      }
      batch((deviceId) => found(deviceId));
      expect(await devices.readDevices([id(0)])).toMatchObject([{ kind: 'found' }]);
    }
  });

  test('for a token without the permission names it at once', async () => {
    graph.reply = () => ({ status: 403, body: {} });
    const [reading] = await reader('Application.Read.All').readDevices([id(0)]);
    expect(reading).toMatchObject({ kind: 'failed', error: { code: 'NAC_SOURCE_FORBIDDEN' } });
    expect(reading?.kind === 'failed' && reading.error.action).toContain(PERMISSION);
  });
});

describe('an answer that asks to wait', () => {
  const inner = (RetryAfter: unknown) => ({
    error: { code: 'UnknownError', message: JSON.stringify({ Message: 'Service is busy', RetryAfter }) },
  });

  test.each([
    [503, {}, inner(null), undefined],
    [503, {}, inner(12), 12_000],
    [503, {}, inner('2.128'), 2_128],
    [503, { 'retry-after': '3' }, inner(12), 3_000],
    [504, {}, '<html>', undefined],
    [429, {}, { error: { code: 'TooManyRequests' } }, undefined],
  ])('%i %j %j', async (status, headers, body, retryAfterMs) => {
    graph.reply = () => ({ status, headers, body });
    const [reading] = await reader().readDevices([id(0)]);
    expect(reading?.kind === 'failed' && reading.error.retryAfterMs).toBe(retryAfterMs);
  });
});

test('a batch answer of any shape is read or refused by its code', () => {
  const response = fc.record(
    {
      id: fc.oneof(fc.constantFrom('0', '1', 0, '__proto__'), cheapValue),
      status: fc.oneof(fc.constantFrom(200, 404, 429), cheapValue),
      headers: cheapValue,
      body: cheapValue,
    },
    { requiredKeys: [] },
  );
  const answer = fc.oneof(cheapValue, fc.record({ responses: fc.array(fc.oneof(response, cheapValue)) }));
  fc.assert(
    fc.property(answer, fc.integer({ min: 0, max: 20 }), (value, count) => {
      try {
        for (const each of readBatchAnswers(value, count)) {
          if (!(each instanceof SourceError)) expect(Number.isInteger(each.status)).toBe(true);
        }
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(SourceError);
      }
    }),
    { numRuns: 10_000 },
  );
});
