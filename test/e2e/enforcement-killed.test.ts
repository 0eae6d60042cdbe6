// HTTP functions, background functions, relay or broker killed with SIGKILL while a change is being enforced, at each point
// of the chain, and started again: every job comes to exactly one end, and the station has the role that policy gives.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalStack, type RestartablePart, startLocalStack } from '../../local/local-stack.ts';
import { TableSweepStore } from '../../shared/adapters/table-storage/table-sweep-store.ts';
import { openTables } from '../../shared/adapters/table-storage/tables.ts';
import { type EnforcementJob, isFinal } from '../../shared/domain/enforcement-job.ts';
import { parseMacAddress } from '../../shared/domain/mac-address.ts';
import { type FunctionLine, FunctionLines } from '../support/function-lines.ts';
import { type LookupHttpClient, lookupHttpClient } from '../support/lookup-http-client.ts';

type At = (line: FunctionLine) => boolean;

interface Point {
  readonly at: At;
  /** The switch leaves the first request unanswered, so that the job stays at this point for a while. */
  readonly switchHesitates?: boolean;
  /** It is a report that says so. */
  readonly reported?: boolean;
}

const jobIs =
  (...stages: EnforcementJob['stage'][]): At =>
  ({ event, stage }) =>
    event === 'enforcement.job' && stages.some((name) => name === stage);

const POINTS = {
  'the change is handed on': { at: ({ event }) => event === 'device.changed' },
  'the job is queued': { at: jobIs('queued') },
  // The relay reports what happens within moments together, and any of it may be written first.
  'the relay has taken the job': { at: jobIs('taken', 'sent', 'acknowledged'), switchHesitates: true, reported: true },
  'the request is sent': { at: jobIs('sent', 'acknowledged'), switchHesitates: true, reported: true },
  'the switch has the request': { at: ({ event }) => event === 'coa-received' },
  'the switch has acknowledged': { at: jobIs('acknowledged'), reported: true },
} as const satisfies Record<string, Point>;

const PARTS: Readonly<Record<RestartablePart, string>> = {
  http: 'the HTTP functions',
  background: 'the background functions',
  relay: 'the relay',
  serviceBus: 'the Service Bus broker',
};

const CASES = (Object.keys(PARTS) as RestartablePart[]).flatMap((part) =>
  (Object.keys(POINTS) as (keyof typeof POINTS)[]).map((point, index) => ({
    part,
    killed: PARTS[part],
    point,
    station: `${part.toUpperCase()}-${index}`,
  })),
);

let folder: string;
let stack: LocalStack;
let http: LookupHttpClient;
let sweeps: TableSweepStore;
const lines = new FunctionLines();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nac-killed-'));
  stack = await startLocalStack({
    appFolder: join(import.meta.dirname, '../..'),
    dataFolder: folder,
    env: { POLL_SCHEDULE: '* * * * * *', POLLING_INTERVAL: '1s', ENFORCE_SCHEDULE: '* * * * * *' },
    fleetSize: 6,
    durableServiceBus: true,
    onLine: (line) => lines.add(line),
    onSwitchEvent: (event) => lines.add(JSON.stringify(event)),
  });
  http = lookupHttpClient(stack.url, stack.caFile);
  const { storageConnection: connectionString } = stack;
  sweeps = new TableSweepStore(
    (await openTables({ kind: 'connection-string', connectionString }, 'background')).polling,
  );
  CASES.forEach(({ station }, index) => {
    const wiFiMacAddress = `A4BB6D0A00${String(index).padStart(2, '0')}`;
    stack.tenant?.fleet.add({
      deviceName: station,
      wiFiMacAddress,
      ethernetMacAddress: null,
      complianceState: 'compliant',
    });
  });
  await lines.next(({ event, devices }) => event === 'poll.run' && devices === 6 + CASES.length);
  for (const { station } of CASES) {
    expect(await askSwitch('/connect', { mac: macOf(station) })).toMatchObject({ role: 'compliant' });
  }
});

afterAll(async () => {
  await http?.[Symbol.asyncDispose]();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

function macOf(name: string): string {
  return String(stack.tenant?.fleet.get(name).wiFiMacAddress);
}

async function askSwitch(path: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
  const reply = await request(`${stack.switch.controlUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return reply.body.json();
}

async function listJobs(query: string): Promise<EnforcementJob[]> {
  const reply = await http.send('GET', `/api/jobs?limit=1000&${query}`, { 'x-api-key': stack.operatorKey });
  expect(reply.status, reply.body).toBe(200);
  return JSON.parse(reply.body).jobs;
}

/** Kills the part the moment that line is printed; resolves when it has ended. */
async function killAt(part: RestartablePart, at: At): Promise<void> {
  let ended: Promise<void> | undefined;
  await lines.next((line) => {
    if (ended !== undefined || !at(line)) return false;
    ended = stack.kill(part);
    return true;
  });
  await ended;
}

/** The lease of a sweep that was killed runs out, which would take three minutes. */
async function letLeaseRunOut(): Promise<void> {
  const { state, etag } = await sweeps.read();
  const { owner, leaseUntil, ...rest } = state;
  if (owner !== undefined) await sweeps.write(rest, etag);
}

/** Looks again whenever something happens, or a poll has ended. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  while (true) {
    const next = lines.next(({ event }) => event === 'enforcement.job' || event === 'poll.run');
    const found = await look();
    if (found !== undefined) return found;
    await next;
  }
}

function roleOf(name: string): string | undefined {
  const station = parseMacAddress(macOf(name));
  return stack.switch.sessions().find(({ mac }) => mac === station)?.role;
}

/** The jobs of a station once none of them is open and it has that role. */
function settled(name: string, role: string, count: number): Promise<EnforcementJob[]> {
  return eventually(async () => {
    const jobs = await listJobs(`device=${stack.tenant?.fleet.get(name).id}`);
    return jobs.length >= count && jobs.every(isFinal) && roleOf(name) === role ? jobs : undefined;
  });
}

/**
 * Of one session and version. A poll and a comparison of all sessions at the same moment may both decide it: then all but
 * one are superseded.
 */
function expectProvenOnce(jobs: readonly EnforcementJob[]): void {
  for (const job of jobs) {
    const ends = job.steps.map(({ stage }) => stage).filter((stage) => isFinal({ ...job, stage }));
    expect(ends, job.id).toEqual([job.stage]);
    expect(job.steps.at(-1)?.stage, job.id).toBe(job.stage);
  }
  expect(new Set(jobs.map(sessionAndVersion)).size).toBe(1);
  const others = jobs.filter(({ stage }) => stage !== 'proven');
  expect(jobs.length - others.length).toBe(1);
  expect(others.filter(({ stage }) => stage !== 'superseded')).toEqual([]);
}

/** The id without the time of the decision: session and version. */
function sessionAndVersion({ id }: EnforcementJob): string {
  return id.slice(id.indexOf('-') + 1);
}

describe('killed and started again', () => {
  it.each(CASES)('$killed, when $point', async ({ part, point, station }) => {
    const { at, switchHesitates }: Point = POINTS[point];
    if (switchHesitates) await askSwitch('/behaviour', { coa: 'silent', times: 1 });
    const killed = killAt(part, at);
    stack.tenant?.fleet.patch(station, { complianceState: 'noncompliant' });
    await killed;
    if (part === 'background') await letLeaseRunOut();
    await stack.restart(part);
    const jobs = await settled(station, 'quarantine', 1);
    expectProvenOnce(jobs);
  });
});

describe('after all of it', () => {
  it('every station comes back to normal, and no job is open, lost or there twice', async () => {
    for (const { station } of CASES) stack.tenant?.fleet.patch(station, { complianceState: 'compliant' });
    for (const { station } of CASES) await settled(station, 'compliant', 2);
    expect(await listJobs('notEnforced=true')).toEqual([]);
    const decisions = Map.groupBy(await listJobs(''), sessionAndVersion);
    for (const jobs of decisions.values()) expectProvenOnce(jobs);
    expect(decisions.size).toBe(2 * CASES.length);
  });
});
