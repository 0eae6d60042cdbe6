// What each answer of a NAS makes of a job, the whole way: poll, outbox, broker, relay, UDP, results, GET /api/jobs.
// FreeRADIUS is the NAS: the Acct-Session-Id says how it answers. What it cannot do, the simulated switch does.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IntuneTenant } from '../../local/intune-tenant/intune-tenant.ts';
import { type LocalStack, startLocalStack } from '../../local/local-stack.ts';
import { type EnforcementJob, isFinal } from '../../shared/domain/coa/enforcement-job.ts';
import { formatMacAddress, parseMacAddress } from '../../shared/domain/mac-address.ts';
import { type CoaListener, startCoaListener } from '../support/freeradius/start-coa-listener.ts';
import { FunctionLines } from '../support/function-lines.ts';
import { type LookupHttpClient, lookupHttpClient } from '../support/lookup-http-client.ts';

const DISCONNECTING = '192.0.2.10';
const REAUTHENTICATING = '192.0.2.11';
const OTHER_SECRET = '192.0.2.12';
const SILENT = '192.0.2.13';
const UNKNOWN = '192.0.2.99';
/** The simulated switch. */
const SWITCH = '127.0.0.1';

/** RFC 5176 section 3.5. */
const ERROR_CAUSES = {
  201: 'Residual Session Context Removed',
  202: 'Invalid EAP Packet (Ignored)',
  401: 'Unsupported Attribute',
  402: 'Missing Attribute',
  403: 'NAS Identification Mismatch',
  404: 'Invalid Request',
  405: 'Unsupported Service',
  406: 'Unsupported Extension',
  407: 'Invalid Attribute Value',
  501: 'Administratively Prohibited',
  502: 'Request Not Routable (Proxy)',
  503: 'Session Context Not Found',
  504: 'Session Context Not Removable',
  505: 'Other Proxy Processing Error',
  506: 'Resources Unavailable',
  507: 'Request Initiated',
  508: 'Multiple Session Selection Unsupported',
} as const;
/** They pass: the job is tried again. */
const PASSING = ['505', '506'];
/** The NAS has done its part, and the station is awaited as after an ACK. */
const ACTED = ['201', '507'];

/** The poll comes after up to 12 s, the relay gives up after 7.5 s, and the machine may be busy. */
const LONGEST_MS = 120_000;

interface Row {
  readonly name: string;
  readonly nas: string;
  readonly acctSessionId: string;
  /** How the simulated switch behaves towards this station. */
  readonly behaviour?: Readonly<Record<string, unknown>>;
  readonly becomes: Partial<EnforcementJob>;
}

/**
 * A NAS is believed to have no such session once it has acknowledged something, which other rows have it do meanwhile.
 */
function stageAfter(code: string) {
  if (code === '503') return expect.stringMatching(/^(ended|refused)$/);
  if (ACTED.includes(code)) return 'acknowledged' as const;
  return PASSING.includes(code) ? ('no-answer' as const) : ('refused' as const);
}

const NAKS: Row[] = [DISCONNECTING, REAUTHENTICATING].flatMap((nas) =>
  Object.entries(ERROR_CAUSES).map(([code, name]) => ({
    name: `${nas === DISCONNECTING ? 'Disconnect' : 'CoA'}-NAK with ${code} ${name}`,
    nas,
    acctSessionId: `cause-${code}`,
    becomes: {
      stage: stageAfter(code),
      outcome: 'refused' as const,
      errorCause: { code: Number(code), name },
      hint: expect.any(String),
      attempt: 1,
    },
  })),
);

const ROWS: Row[] = [
  { name: 'Disconnect-ACK', nas: DISCONNECTING, acctSessionId: 'live-1', becomes: { stage: 'acknowledged' } },
  { name: 'CoA-ACK', nas: REAUTHENTICATING, acctSessionId: 'live-2', becomes: { stage: 'acknowledged' } },
  ...NAKS,
  {
    name: 'a NAK without a cause',
    nas: DISCONNECTING,
    acctSessionId: 'no-cause',
    becomes: { stage: 'refused', outcome: 'refused', hint: expect.stringContaining('log') },
  },
  {
    name: 'a NAS that relay.yaml does not know',
    nas: UNKNOWN,
    acctSessionId: 'live-3',
    becomes: { stage: 'no-answer', outcome: 'unknown-nas', hint: expect.stringContaining(UNKNOWN) },
  },
  {
    name: 'another secret than the NAS has',
    nas: OTHER_SECRET,
    acctSessionId: 'live-4',
    becomes: { stage: 'no-answer', outcome: 'no-answer', hint: expect.stringContaining('secret'), attempt: 1 },
  },
  {
    name: 'silence',
    nas: SILENT,
    acctSessionId: 'silent',
    becomes: {
      stage: 'no-answer',
      outcome: 'no-answer',
      hint: expect.stringContaining('Nothing came back'),
      attempt: 1,
    },
  },
  {
    name: 'the answer twice',
    nas: SWITCH,
    acctSessionId: '',
    behaviour: { coa: 'double' },
    becomes: { stage: 'proven', outcome: 'acknowledged', attempt: 1 },
  },
  {
    name: 'an answer that is late, but comes before the relay has given up',
    nas: SWITCH,
    acctSessionId: '',
    behaviour: { coa: 'late', delayMs: 3_000 },
    becomes: { stage: 'proven', outcome: 'acknowledged', attempt: 1 },
  },
  {
    name: 'a forged ACK, and then the true one',
    nas: SWITCH,
    acctSessionId: '',
    behaviour: { coa: 'forged', times: 1 },
    becomes: { stage: 'proven', outcome: 'acknowledged', attempt: 1, discarded: { authenticator: 1 } },
  },
];

/** Each takes until the relay has given up. */
const GIVEN_UP: Row[] = [
  {
    name: 'nothing but forged ACKs',
    nas: SWITCH,
    acctSessionId: '',
    behaviour: { coa: 'forged' },
    becomes: {
      stage: 'no-answer',
      outcome: 'no-answer',
      hint: expect.stringContaining('secret'),
      discarded: { authenticator: expect.any(Number) },
    },
  },
  {
    name: 'an answer after the relay has given up: the station has followed the answer',
    nas: SWITCH,
    acctSessionId: '',
    behaviour: { coa: 'late', delayMs: 9_000 },
    becomes: { stage: 'proven', outcome: 'no-answer', attempt: 1 },
  },
];

const ALL = [...ROWS, ...GIVEN_UP];

let folder: string;
let listener: CoaListener;
let stack: LocalStack;
let http: LookupHttpClient;
const lines = new FunctionLines();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nac-results-'));
  listener = await startCoaListener();
  const { port, signingPort, secret } = listener;
  const freeRadius = { address: '127.0.0.1', port, secret };
  const polled = lines.next(({ event, devices }) => event === 'poll.run' && devices === 1 + ALL.length);
  stack = await startLocalStack({
    appFolder: join(import.meta.dirname, '../..'),
    dataFolder: folder,
    env: {
      MINIMUM_ASSURANCE: 'mac',
      // A busy machine is slow to read: FreeRADIUS waits for 2.5 s.
      LOOKUP_DEADLINE: '2s',
      POLL_SCHEDULE: '* * * * * *',
      POLLING_INTERVAL: '12s',
      // Devices are not read one by one: a process that does so takes ten seconds to end.
      HARDWARE_MAX_AGE: 'off',
      ENFORCE_SCHEDULE: '* * * * * *',
    },
    fleetSize: 1,
    relayProgram: join(import.meta.dirname, '../support/impatient-relay.ts'),
    onTenant: ({ fleet }) => enrolStations(fleet),
    moreNas: [
      { nasIpAddress: DISCONNECTING, ...freeRadius, profile: 'generic-rfc5176' },
      { nasIpAddress: REAUTHENTICATING, ...freeRadius, profile: 'cisco-ios', alsoIdentifyBy: ['Acct-Session-Id'] },
      {
        nasIpAddress: OTHER_SECRET,
        ...freeRadius,
        port: signingPort,
        secret: 'not-the-one',
        profile: 'generic-rfc5176',
      },
      { nasIpAddress: SILENT, ...freeRadius, address: '::1', profile: 'generic-rfc5176' },
    ],
    onLine: (line) => lines.add(line),
    onSwitchEvent: (event) => lines.add(JSON.stringify(event)),
  });
  http = lookupHttpClient(stack.url, stack.caFile);
  await polled;
  for (const [index, row] of ALL.entries()) await connect(index, row);
  for (const [index] of ALL.entries()) stack.tenant?.fleet.patch(nameOf(index), { complianceState: 'noncompliant' });
  const asked = await http.send('POST', '/api/poll/sweep', { 'x-api-key': stack.operatorKey });
  expect(asked.status, asked.body).toBe(202);
});

afterAll(async () => {
  await http?.[Symbol.asyncDispose]();
  await stack?.stop();
  await listener?.stop();
  await rm(folder, { recursive: true, force: true });
});

function enrolStations(fleet: IntuneTenant['fleet']): void {
  for (const [index] of ALL.entries()) {
    const wiFiMacAddress = `A4BB6D0B00${index.toString(16).padStart(2, '0')}`;
    fleet.add({
      deviceName: nameOf(index),
      wiFiMacAddress,
      ethernetMacAddress: null,
      managementState: 'managed',
      complianceState: 'compliant',
    });
  }
}

function nameOf(index: number): string {
  return `STATION-${index}`;
}

async function connect(index: number, { nas, acctSessionId, behaviour }: Row): Promise<void> {
  const address = parseMacAddress(String(stack.tenant?.fleet.get(nameOf(index)).wiFiMacAddress));
  if (address === undefined) throw new Error(`${nameOf(index)} has no address`);
  const mac = formatMacAddress(address);
  if (behaviour !== undefined) {
    await askSwitch('/behaviour', { ...behaviour, mac });
    expect(await askSwitch('/connect', { mac })).toMatchObject({ role: 'compliant' });
    return;
  }
  const key = { 'x-api-key': stack.apiKey };
  const question = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: nas };
  const answer = await http.post('/api/lookup', JSON.stringify(question), key);
  expect(JSON.parse(answer.body), answer.body).toMatchObject({ role: 'compliant' });
  const record = { status: 'Start', callingStationId: mac, nasIpAddress: nas, acctSessionId };
  expect((await http.post('/api/accounting', JSON.stringify(record), key)).status).toBe(200);
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

let looking: Promise<unknown> = Promise.resolve();
let looksNext: Promise<EnforcementJob[]> | undefined;

/** All jobs, later than now: whatever happens has every test look, and one look is for all of them. */
function jobsNow(): Promise<EnforcementJob[]> {
  looksNext ??= looking
    .catch(() => undefined)
    .then(() => {
      looksNext = undefined;
      const look = listJobs('');
      looking = look;
      return look;
    });
  return looksNext;
}

/** The station's first job once it has come to the stage, or to another end. */
async function firstJob(index: number, { becomes: { stage } }: Row): Promise<EnforcementJob> {
  const device = stack.tenant?.fleet.get(nameOf(index)).id;
  while (true) {
    const next = lines.next(({ event }) => event === 'enforcement.job' || event === 'poll.run');
    const job = (await jobsNow()).findLast((one) => one.device?.id === device);
    if (job !== undefined && (job.stage === stage || isFinal(job))) return job;
    await next;
  }
}

describe('a job whose NAS gives', () => {
  test.concurrent.each(ALL.map((row, index) => ({ row, index, name: row.name })))(
    '$name',
    async ({ row, index }) => {
      const job = await firstJob(index, row);
      expect(job).toMatchObject(row.becomes);
      const stages = job.steps.map(({ stage }) => stage);
      expect(new Set(stages).size, `each stage once: ${stages}`).toBe(stages.length);
      const ends = stages.filter((stage) => isFinal({ ...job, stage }));
      expect(ends).toEqual(isFinal(job) ? [job.stage] : []);
      // What the station still has, policy does not give: until that is proven, or the session over, it is listed.
      const listed = (await listJobs(`device=${job.device?.id}&notEnforced=true`)).length > 0;
      if (job.stage !== 'acknowledged') expect(listed).toBe(job.stage !== 'proven' && job.stage !== 'ended');
    },
    LONGEST_MS,
  );
});
