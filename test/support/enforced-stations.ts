// Stations at the simulated switch, whose devices turn in Intune while they are connected: what the tests of everything
// that can be killed or cut meanwhile have in common, and what must hold afterwards.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { expect } from 'vitest';
import type { IntuneTenant } from '../../local/intune-tenant/intune-tenant.ts';
import { type LocalStack, type LocalStackOptions, startLocalStack } from '../../local/local-stack.ts';
import { TableSessionStore } from '../../shared/adapters/table-storage/table-session-store.ts';
import { TableSweepStore } from '../../shared/adapters/table-storage/table-sweep-store.ts';
import { openTables } from '../../shared/adapters/table-storage/tables.ts';
import { type EnforcementJob, isFinal } from '../../shared/domain/coa/enforcement-job.ts';
import { parseMacAddress } from '../../shared/domain/mac-address.ts';
import { walkSessions } from '../../shared/walk-sessions.ts';
import { type FunctionLine, FunctionLines } from './function-lines.ts';
import { type LookupHttpClient, lookupHttpClient } from './lookup-http-client.ts';

export type At = (line: FunctionLine) => boolean;

interface Point {
  readonly at: At;
  /** The switch leaves the first request unanswered, so that the job stays at this point for a while. */
  readonly switchHesitates?: boolean;
}

export const jobIs =
  (...stages: EnforcementJob['stage'][]): At =>
  ({ event, stage }) =>
    event === 'enforcement.job' && stages.some((name) => name === stage);

/** Through which a change comes to be enforced. */
const POINTS = {
  'the change is handed on': { at: ({ event }) => event === 'device.changed' },
  'the job is queued': { at: jobIs('queued') },
  // The relay reports what happens within moments together, and any of it may be written first.
  'the relay has taken the job': { at: jobIs('taken', 'sent', 'acknowledged'), switchHesitates: true },
  'the request is sent': { at: jobIs('sent', 'acknowledged'), switchHesitates: true },
  'the switch has the request': { at: ({ event }) => event === 'coa-received' },
  'the switch has acknowledged': { at: jobIs('acknowledged') },
} as const satisfies Record<string, Point>;
export type PointName = keyof typeof POINTS;

const OTHER_DEVICES = 6;

export class EnforcedStations implements AsyncDisposable {
  readonly lines = new FunctionLines();
  readonly #names: readonly string[];
  readonly #started = new AsyncDisposableStack();
  #stack: LocalStack | undefined;
  #http: LookupHttpClient | undefined;
  #sweeps: TableSweepStore | undefined;
  #sessions: TableSessionStore | undefined;

  private constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Resolves once each of them is connected as the compliant device it is. */
  static async start(names: readonly string[], more: Partial<LocalStackOptions>): Promise<EnforcedStations> {
    const stations = new EnforcedStations(names);
    try {
      await stations.#start(more);
      return stations;
    } catch (thrown) {
      await stations[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async #start(more: Partial<LocalStackOptions>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'nac-stations-'));
    this.#started.defer(() => rm(folder, { recursive: true, force: true }));
    const polled = this.lines.next(
      ({ event, devices }) => event === 'poll.run' && devices === OTHER_DEVICES + this.#names.length,
    );
    const stack = await startLocalStack({
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
      fleetSize: OTHER_DEVICES,
      onTenant: ({ fleet }) => this.#enrol(fleet),
      onLine: (line) => this.lines.add(line),
      onSwitchEvent: (event) => this.lines.add(JSON.stringify(event)),
      ...more,
    });
    this.#started.defer(() => stack.stop());
    this.#stack = stack;
    this.#http = lookupHttpClient(stack.url, stack.caFile);
    this.#started.use(this.#http);
    const account = { kind: 'connection-string', connectionString: stack.storageConnection } as const;
    this.#sweeps = new TableSweepStore((await openTables(account, 'background')).polling);
    this.#sessions = new TableSessionStore((await openTables(account, 'lookup')).sessions);
    await polled;
    for (const name of this.#names) {
      expect(await this.askSwitch('/connect', { mac: this.macOf(name) })).toMatchObject({ role: 'compliant' });
    }
  }

  #enrol(fleet: IntuneTenant['fleet']): void {
    for (const [index, deviceName] of this.#names.entries()) {
      const wiFiMacAddress = `A4BB6D0A00${index.toString(16).padStart(2, '0')}`;
      fleet.add({ deviceName, wiFiMacAddress, ethernetMacAddress: null, complianceState: 'compliant' });
    }
  }

  get stack(): LocalStack {
    if (this.#stack === undefined) throw new Error('Nothing has been started.');
    return this.#stack;
  }

  turn(name: string, complianceState: 'compliant' | 'noncompliant'): void {
    this.stack.tenant?.fleet.patch(name, { complianceState });
  }

  macOf(name: string): string {
    return String(this.stack.tenant?.fleet.get(name).wiFiMacAddress);
  }

  async askSwitch(path: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
    const reply = await request(`${this.stack.switch.controlUrl}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return reply.body.json();
  }

  /**
   * Turns a device noncompliant, and does something the moment its job is at that point; resolves when that is done.
   */
  async interrupt(name: string, point: PointName, doIt: () => Promise<void> | void): Promise<void> {
    const { at, switchHesitates }: Point = POINTS[point];
    if (switchHesitates) await this.askSwitch('/behaviour', { coa: 'silent', times: 1 });
    let done: Promise<void> | undefined;
    const reached = this.lines.next((line) => {
      if (done !== undefined || !at(line)) return false;
      done = Promise.resolve(doIt());
      return true;
    });
    this.turn(name, 'noncompliant');
    await reached;
    await done;
  }

  /** The lease of a sweep that was killed runs out, which would take three minutes. */
  async letLeaseRunOut(): Promise<void> {
    if (this.#sweeps === undefined) return;
    const { state, etag } = await this.#sweeps.read();
    const { owner, leaseUntil, ...rest } = state;
    if (owner !== undefined) await this.#sweeps.write(rest, etag);
  }

  async listJobs(query: string): Promise<EnforcementJob[]> {
    const headers = { 'x-api-key': this.stack.operatorKey };
    const reply = await this.#http?.send('GET', `/api/jobs?limit=1000&${query}`, headers);
    expect(reply?.status, reply?.body).toBe(200);
    return JSON.parse(reply?.body ?? '').jobs;
  }

  /** Looks again whenever something happens, or a poll has ended. */
  async eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
    while (true) {
      const next = this.lines.next(({ event }) => event === 'enforcement.job' || event === 'poll.run');
      const found = await look();
      if (found !== undefined) return found;
      await next;
    }
  }

  /** The jobs of a station once none of them is open and it has that role. */
  settled(name: string, role: string, count: number): Promise<EnforcementJob[]> {
    return this.eventually(async () => {
      const jobs = await this.listJobs(`device=${this.stack.tenant?.fleet.get(name).id}`);
      return jobs.length >= count && jobs.every(isFinal) && this.#roleOf(name) === role ? jobs : undefined;
    });
  }

  #roleOf(name: string): string | undefined {
    const station = parseMacAddress(this.macOf(name));
    return this.stack.switch.sessions().find(({ mac }) => mac === station)?.role;
  }

  /** No station, and no session in the store, keeps an answer that policy no longer gives without being listed. */
  async expectRightOrListed(): Promise<void> {
    const listed = new Set((await this.listJobs('notEnforced=true')).map(({ device }) => device?.id));
    const devices = new Map(this.#names.map((name) => [this.stack.tenant?.fleet.get(name).id, name]));
    const right = (name: string): string =>
      this.stack.tenant?.fleet.get(name).complianceState === 'compliant' ? 'compliant' : 'quarantine';
    const stale = this.#names.filter((name) => this.#roleOf(name) !== right(name));
    for await (const { decision } of this.#sessions ? walkSessions(this.#sessions) : []) {
      const name = devices.get(decision.device?.id ?? '');
      const answered = decision.outcome.verdict === 'permit' ? decision.outcome.role : decision.outcome.verdict;
      if (name !== undefined && answered !== right(name)) stale.push(name);
    }
    expect(stale.filter((name) => !listed.has(String(this.stack.tenant?.fleet.get(name).id)))).toEqual([]);
  }

  /** Every decision there has been came to one end and no other, and there were so many of them. */
  async expectEachProvenOnce(decisions: number): Promise<void> {
    const bySessionAndVersion = Map.groupBy(await this.listJobs(''), sessionAndVersion);
    for (const jobs of bySessionAndVersion.values()) expectProvenOnce(jobs);
    expect(bySessionAndVersion.size).toBe(decisions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync();
  }
}

/**
 * Of one session and version. A poll and a comparison of all sessions at the same moment may both decide it: then all
 * but one are superseded.
 */
export function expectProvenOnce(jobs: readonly EnforcementJob[]): void {
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
