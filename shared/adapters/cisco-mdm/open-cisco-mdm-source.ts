// An MDM server of Cisco's dialect as a source: what its client can ask, as abilities of a source.

import { concurrently } from '../../concurrently.ts';
import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { NoncompliantPage, RetrievedCompliance, RetrievedDevice } from '../../ports/compliance-retrieval.ts';
import type { ListPage, RecordProblem } from '../../ports/compliance-source.ts';
import type { DeviceReading } from '../../ports/device-reader.ts';
import type { MdmSource } from '../../ports/mdm-source.ts';
import type { Stopwatch } from '../../ports/timer.ts';
import { createHttpsTransport } from '../https/https-transport.ts';
import { listAll, listNoncompliant } from './list-pages.ts';
import { createMdmClient, type MdmClient } from './mdm-client.ts';
import type { MdmConnection } from './mdm-connection.ts';
import type { MdmDevice } from './read-devices.ts';
import { isIdOf, type OneDevice, readById, readOne } from './read-one.ts';
import { toDevice, toListedRecord, toRejectedRecord } from './to-device.ts';

export interface CiscoMdmConnection extends MdmConnection {
  /** The server lists every device, not only the noncompliant ones. ISE never asks for that: not every server can. */
  readonly listsAll: boolean;
  readonly network: {
    readonly extraCaFile?: string;
    readonly proxy?: { readonly url: string; readonly bypass: string };
    readonly connectTimeoutMs: number;
    readonly readTimeoutMs: number;
  };
}

export interface CiscoMdmAccess extends MdmSource {
  readonly client: MdmClient;
  close(): Promise<void>;
}

/** Of one answer: five thousand devices with every attribute have six megabytes. */
const LONGEST_ANSWER_BYTES = 33_554_432;
/** The dialect knows no least time between lists; ISE may be set to fifteen minutes. */
const LEAST_INTERVAL_MS = 60_000;
const SPREAD_MS = 60_000;

/** @throws ConnectorError NAC_SETTINGS for an account that HTTP Basic cannot carry */
export function openCiscoMdmSource(connection: CiscoMdmConnection, clock: Clock, stopwatch: Stopwatch): CiscoMdmAccess {
  const { extraCaFile, proxy, connectTimeoutMs, readTimeoutMs: answerTimeoutMs } = connection.network;
  const transport = createHttpsTransport({
    extraCaFile,
    proxy,
    connectTimeoutMs,
    answerTimeoutMs,
    longestAnswerBytes: LONGEST_ANSWER_BYTES,
  });
  const callMs = connectTimeoutMs + answerTimeoutMs;
  const client = createMdmClient(connection, { transport, clock, stopwatch, callMs });
  return { ...ciscoMdmSource(client, clock, connection), client, close: () => transport.close() };
}

export function ciscoMdmSource(
  client: MdmClient,
  clock: Pick<Clock, 'now'>,
  { name, preset, listsAll }: Pick<CiscoMdmConnection, 'name' | 'preset' | 'listsAll'>,
): MdmSource {
  const { pace, atOnce } = preset;
  const readByDeviceId = async (id: string, signal?: AbortSignal): Promise<RetrievedCompliance> =>
    retrieved(await readById(client, clock, id, signal));

  async function readDevice(id: string): Promise<DeviceReading> {
    const requestedAt = clock.now().toISOString();
    try {
      const reading = await readById(client, clock, id);
      const device = reading.device && toDevice(name, { ...reading.device, id });
      const { requestedAt } = reading;
      return device === undefined
        ? { id, requestedAt, kind: 'absent' }
        : { id, requestedAt, kind: 'found', device, problems: [] };
    } catch (thrown) {
      if (thrown instanceof SourceError) return { id, requestedAt, kind: 'failed', error: thrown };
      throw thrown;
    }
  }

  return {
    name,
    isDeviceId: (text) => isIdOf(client, text),
    ...(listsAll && { list: { listDevices: (cursor) => listPage(client, clock, name, cursor) } }),
    devices: { readDevices: (ids) => concurrently(ids, atOnce, readDevice) },
    verdicts: {
      pace,
      atOnce,
      readByDeviceId: (id, options) => readByDeviceId(id, options?.signal),
      readByMac: async (mac, options) => {
        const reading = retrieved(await readOne(client, clock, 'macaddress', mac, options?.signal));
        return reading.device === undefined ? reading : { ...reading, device: { ...reading.device, mac } };
      },
    },
    noncompliant: {
      leastIntervalMs: LEAST_INTERVAL_MS,
      spreadMs: SPREAD_MS,
      listNoncompliant: (cursor) => noncompliantPage(client, clock, cursor),
    },
    live: () => ({ readByDeviceId: (id, options) => readByDeviceId(id, options?.signal) }),
  };
}

function retrieved({ requestedAt, device }: OneDevice): RetrievedCompliance {
  return { requestedAt, ...(device !== undefined && { device: retrievedDevice(device) }) };
}

function retrievedDevice({ id, macs: [mac], compliant }: MdmDevice): RetrievedDevice {
  return {
    ...(id !== undefined && { id }),
    ...(mac !== undefined && { mac }),
    ...(compliant !== undefined && { compliant }),
  };
}

/** A device on the list whose own verdict is another one does not count: the server ignored the question. */
async function noncompliantPage(
  client: MdmClient,
  clock: Pick<Clock, 'now'>,
  cursor: string | undefined,
): Promise<NoncompliantPage> {
  const { requestedAt, answer, nextCursor } = await listNoncompliant(client, clock, cursor);
  const managed = answer.devices.filter(({ registered }) => registered !== false);
  const problems: RecordProblem[] = [...answer.problems];
  const devices: RetrievedDevice[] = [];
  for (const device of managed) {
    const named = device.id === undefined ? {} : { id: device.id };
    if (device.compliant === true)
      problems.push({ ...named, field: 'compliance', problem: 'is true on the noncompliant list' });
    else if (device.id === undefined && device.macs.length === 0)
      problems.push({ field: 'guid', problem: 'is missing, and so is macaddress' });
    else devices.push(retrievedDevice(device));
  }
  return { requestedAt, devices, problems, ...(nextCursor !== undefined && { nextCursor }) };
}

async function listPage(
  client: MdmClient,
  clock: Pick<Clock, 'now'>,
  name: string,
  cursor: string | undefined,
): Promise<ListPage> {
  const { requestedAt, answer, nextCursor } = await listAll(client, clock, cursor);
  const listed = answer.devices.filter(({ registered }) => registered !== false);
  const withoutId = { field: 'guid', problem: 'is missing' };
  const records = listed.map((each) => {
    const device = toDevice(name, each);
    return device === undefined ? toRejectedRecord(name, {}, [withoutId]) : toListedRecord(device);
  });
  const rejected = answer.rejected.map((record) =>
    toRejectedRecord(
      name,
      record,
      answer.problems.filter(({ id }) => id === record.id),
    ),
  );
  return { requestedAt, records: [...records, ...rejected], ...(nextCursor !== undefined && { nextCursor }) };
}
