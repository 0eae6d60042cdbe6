// From a change in Intune to a proven answer, with real peers: FreeRADIUS asks the lookup and spools accounting, and
// another FreeRADIUS listens for CoA in the place of the switch. HTTP and background functions and the relay are
// processes of their own.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LocalStack, startLocalStack } from '../../local/local-stack.ts';
import { TableSessionStore } from '../../shared/adapters/table-storage/table-session-store.ts';
import { openTables } from '../../shared/adapters/table-storage/tables.ts';
import type { EnforcementJob } from '../../shared/domain/coa/enforcement-job.ts';
import { formatMacAddress, parseMacAddress } from '../../shared/domain/mac-address.ts';
import { type CoaRecorder, startCoaRecorder } from '../support/coa-recorder.ts';
import { mabRequest, sendAccessRequest, sendAccounting } from '../support/freeradius/radclient.ts';
import { type CoaListener, startCoaListener } from '../support/freeradius/start-coa-listener.ts';
import { type FreeRadius, startFreeRadius } from '../support/freeradius/start-freeradius.ts';
import { type FunctionLine, FunctionLines } from '../support/function-lines.ts';
import { type LookupHttpClient, lookupHttpClient } from '../support/lookup-http-client.ts';

/** The one under which the CoA listener knows itself. */
const NAS_IP_ADDRESS = '192.0.2.10';

let folder: string;
let listener: CoaListener;
let recorder: CoaRecorder;
let stack: LocalStack;
let radius: FreeRadius;
let http: LookupHttpClient;
let sessions: TableSessionStore;
const lines = new FunctionLines();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nac-chain-'));
  listener = await startCoaListener();
  recorder = await startCoaRecorder(listener.port);
  const firstSweep = lines.next(({ event }) => event === 'poll.run');
  stack = await startLocalStack({
    appFolder: join(import.meta.dirname, '../..'),
    dataFolder: folder,
    env: {
      MINIMUM_ASSURANCE: 'mac',
      // A busy machine is slow to read: FreeRADIUS waits for 2.5 s.
      LOOKUP_DEADLINE: '2s',
      POLL_SCHEDULE: '* * * * * *',
      POLLING_INTERVAL: '1s',
      // Devices are not read one by one: a process that does so takes ten seconds to end.
      HARDWARE_MAX_AGE: 'off',
      ENFORCE_SCHEDULE: '* * * * * *',
    },
    fleetSize: 30,
    nas: {
      nasIpAddress: NAS_IP_ADDRESS,
      address: '127.0.0.1',
      port: recorder.port,
      secret: listener.secret,
      profile: 'generic-rfc5176',
    },
    onLine: (line) => lines.add(line),
  });
  const { url: baseUrl, apiKey, caFile, storageConnection: connectionString } = stack;
  radius = await startFreeRadius({ baseUrl, apiKey, caFile });
  http = lookupHttpClient(baseUrl, caFile);
  sessions = new TableSessionStore(
    (await openTables({ kind: 'connection-string', connectionString }, 'lookup')).sessions,
  );
  await firstSweep;
});

afterAll(async () => {
  await http?.[Symbol.asyncDispose]();
  await radius?.stop();
  await stack?.stop();
  await recorder?.close();
  await listener?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Station {
  readonly name: string;
  readonly id: string;
  /** As the switch writes it. */
  readonly mac: string;
}

function station(name: string): Station {
  const device = stack.tenant?.fleet.get(name);
  const mac = parseMacAddress(String(device?.wiFiMacAddress));
  if (device === undefined || mac === undefined) throw new Error(`${name} cannot be at a switch.`);
  return { name, id: device.id, mac: formatMacAddress(mac) };
}

/** What the switch gets, and the reference that its accounting shall bring back. */
async function authenticate({ mac }: Station): Promise<{ readonly network: string; readonly reference: string }> {
  const request = mabRequest(mac, { 'NAS-IP-Address': NAS_IP_ADDRESS, 'NAS-Port-Id': 'Gi1/0/7' });
  const { code, attributes } = await sendAccessRequest(radius, request);
  const network = `${attributes['Filter-Id']}/${attributes['Tunnel-Private-Group-Id:0']}`;
  return { network: code === 'Access-Accept' ? network : code, reference: String(attributes['Class']) };
}

/** Resolves when the record has come through the spool and counts. */
async function account({ mac }: Station, status: 'Start' | 'Stop', acctSessionId: string, reference: string) {
  const reply = await sendAccounting(radius, {
    'Acct-Status-Type': status,
    'Acct-Session-Id': acctSessionId,
    'Calling-Station-Id': mac,
    'NAS-IP-Address': NAS_IP_ADDRESS,
    Class: reference,
  });
  expect(reply).toBe('Accounting-Response');
  if (status === 'Stop') return;
  const sessionId = Buffer.from(reference.slice(2), 'hex').toString().slice(0, 20);
  await vi.waitFor(async () => {
    const session = await sessions.read(sessionId);
    expect(session?.accounting?.coa.acctSessionId).toBe(acctSessionId);
  }, 20_000);
}

/** The next line about this stage of a job; of a new job by default. */
function stage(name: EnforcementJob['stage'], job?: string): Promise<FunctionLine> {
  return lines.next(
    (line) => line.event === 'enforcement.job' && line['stage'] === name && (job ?? line['job']) === line['job'],
  );
}

async function jobsOf({ id }: Station, filter = ''): Promise<EnforcementJob[]> {
  const reply = await http.send('GET', `/api/jobs?device=${id}${filter}`, { 'x-api-key': stack.operatorKey });
  expect(reply.status).toBe(200);
  return JSON.parse(reply.body).jobs;
}

/** The change in Intune, and the job that it brought as soon as the switch has acknowledged it. */
async function changed(at: Station, complianceState: 'compliant' | 'noncompliant'): Promise<EnforcementJob> {
  const acknowledged = stage('acknowledged');
  stack.tenant?.fleet.patch(at.name, { complianceState });
  const { job: id } = await acknowledged;
  const job = (await jobsOf(at)).find((one) => one.id === id);
  expect(job).toMatchObject({ stage: 'acknowledged', outcome: 'acknowledged', relay: 'local-relay' });
  return job as EnforcementJob;
}

describe('a device that turns noncompliant while it is connected, and compliant again', () => {
  test('is sent to ask again each time, and each job is proven by the answer it gets', async () => {
    const laptop = station('NAC-00001');
    const first = await authenticate(laptop);
    expect(first.network).toBe('compliant/10');
    await account(laptop, 'Start', 'live-0001', first.reference);

    const intoQuarantine = await changed(laptop, 'noncompliant');
    expect(intoQuarantine.urgent).toBe(true);
    expect(recorder.requests).toEqual([
      { packet: 'Disconnect-Request', callingStationId: laptop.mac, acctSessionId: 'live-0001', answer: 'ack' },
    ]);
    expect(await jobsOf(laptop, '&notEnforced=true')).toHaveLength(1);

    const proven = stage('proven', intoQuarantine.id);
    const second = await authenticate(laptop);
    expect(second.network).toBe('quarantine/666');
    // The switch applies the answer, and says so with its Class: that is the proof.
    await account(laptop, 'Start', 'live-0002', second.reference);
    await proven;
    await account(laptop, 'Stop', 'live-0001', first.reference);

    const backToNormal = await changed(laptop, 'compliant');
    expect(backToNormal.urgent).toBe(false);
    expect(recorder.requests.slice(1)).toEqual([
      { packet: 'Disconnect-Request', callingStationId: laptop.mac, acctSessionId: 'live-0002', answer: 'ack' },
    ]);
    const provenToo = stage('proven', backToNormal.id);
    const third = await authenticate(laptop);
    expect(third.network).toBe('compliant/10');
    await account(laptop, 'Start', 'live-0003', third.reference);
    await provenToo;

    // A poll and a comparison of all sessions at the same moment may both decide it: all but one are superseded.
    const jobs = (await jobsOf(laptop)).filter((job) => job.stage !== 'superseded');
    expect(jobs.map(({ id }) => id)).toEqual([backToNormal.id, intoQuarantine.id]);
    for (const { attempt, steps } of jobs) {
      expect(attempt).toBe(1);
      const stages = steps.map((step) => step.stage);
      // What happens within milliseconds may be reported together.
      expect(stages.filter((name) => name !== 'taken' && name !== 'sent')).toEqual([
        'decided',
        'queued',
        'acknowledged',
        'answered',
        'proven',
      ]);
    }
    expect(await jobsOf(laptop, '&notEnforced=true')).toEqual([]);
  });
});

test('has no file of the relay that others may read', () => {
  expect(lines.all.filter((line) => line.includes('relay.started'))).toHaveLength(1);
  expect(lines.all.filter((line) => line.includes('chmod'))).toEqual([]);
});

describe('an operator', () => {
  test('has a device ask again without any change', async () => {
    const laptop = station('NAC-00002');
    const { network, reference } = await authenticate(laptop);
    expect(network).toBe('quarantine/666');
    await account(laptop, 'Start', 'live-0004', reference);
    const sent = recorder.requests.length;

    const acknowledged = stage('acknowledged');
    const path = `/api/devices/${laptop.id}/reauthenticate`;
    const reply = await http.send('POST', path, { 'x-api-key': stack.operatorKey });
    expect(reply.status).toBe(202);
    const { job } = await acknowledged;
    const source = { read: 'found', compliance: 'noncompliant', asOf: expect.any(String) };
    expect(JSON.parse(reply.body)).toEqual({ jobs: [job], source });
    expect(recorder.requests.slice(sent)).toEqual([
      { packet: 'Disconnect-Request', callingStationId: laptop.mac, acctSessionId: 'live-0004', answer: 'ack' },
    ]);

    const proven = stage('proven', String(job));
    const again = await authenticate(laptop);
    expect(again.network).toBe(network);
    await account(laptop, 'Start', 'live-0005', again.reference);
    await proven;
    expect(await jobsOf(laptop, '&notEnforced=true')).toEqual([]);
  });
});
