// Two tenants and two MDM servers at once, each killed, silent, lying, empty, flooding or refusing in turn: the
// answers, ages, intervals and breakers of the others stay right, and the devices of the troubled one are held, or age.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Script } from '../../../local/intune-tenant/script.ts';
import type { ServerBehaviour } from '../../../local/mdm-server/server-behaviour.ts';
import {
  FLEET_SIZE,
  FOUR,
  type FourSources,
  SERVERS,
  type ServerName,
  type SourceNameOfFour,
  startFourSources,
  TENANTS,
  type TenantName,
} from '../../support/four-sources.ts';

let four: FourSources;

beforeAll(async () => {
  four = await startFourSources();
  await four.round();
});
afterEach(() => {
  for (const name of FOUR) recover(name);
});
afterAll(() => four[Symbol.asyncDispose]());

const OFTEN = 10_000;
type Trouble = (name: never) => void;
/** What becomes of its devices: their answers grow older, or what it says is held. */
type End = 'aged' | 'held';

const script = (name: TenantName, targets: readonly Script['target'][], fields: Omit<Script, 'target'>): void => {
  for (const target of targets) four.tenants[name].script({ target, times: OFTEN, ...fields });
};
const page = (devices: readonly object[]): string => JSON.stringify({ value: devices });

/** What a tenant may do; `held` where its breaker is to hold what it says. */
const TENANT_TROUBLES: Readonly<Record<string, readonly [End, (name: TenantName) => void]>> = {
  killed: ['aged', (name) => script(name, ['token', 'page', 'device', 'batch'], { damage: 'reset' })],
  silent: [
    'aged',
    (name) => {
      four.tenants[name].script({ target: 'page', hang: true });
      script(name, ['page', 'device', 'batch'], { damage: 'reset' });
    },
  ],
  'with an empty list': [
    'held',
    (name) => {
      script(name, ['page'], { body: page([]) });
      script(name, ['device'], { status: 404, body: '{"error":{"code":"ResourceNotFound"}}' });
    },
  ],
  'turning all verdicts': [
    'held',
    (name) => {
      const devices = four.tenants[name].fleet.list().value;
      const turned = (state: string): string => (state === 'noncompliant' ? 'compliant' : 'noncompliant');
      const reported = devices.map((device) => ({ ...device, complianceState: turned(device.complianceState) }));
      script(name, ['page'], { body: page(reported) });
    },
  ],
  'with pages that lead to themselves': ['aged', (name) => four.tenants[name].behave({ repeatedNextLinkPage: 1 })],
  'answering 429 to everything': ['aged', (name) => script(name, ['page', 'device', 'batch'], { status: 429 })],
  'sending a page that is no list': ['aged', (name) => script(name, ['page'], { body: 'x'.repeat(2_000_000) })],
  'refusing the credential': [
    'aged',
    (name) => {
      four.tenants[name].register({ secrets: [{ value: 'another one' }] });
      script(name, ['page', 'device', 'batch'], { status: 401 });
    },
  ],
};

const behave = (name: ServerName, change: Partial<ServerBehaviour>): void => four.servers[name].behave(change);
const answers = (name: ServerName, fields: object): void => {
  for (const target of ['information', 'device', 'list'] as const) {
    four.servers[name].script({ target, times: OFTEN, ...fields });
  }
};
const list = (devices: string): string =>
  `<ise_api><name>attributes</name><paging_info>0</paging_info><deviceList>${devices}</deviceList></ise_api>`;
const served = (name: ServerName, change: (device: { guid: string; compliant: boolean | null }) => object): string =>
  list(
    four.servers[name].fleet
      .all()
      .map((device) => ({ ...device, ...change(device) }))
      .map(
        ({ guid, compliant }) => `<device><guid>${guid}</guid><attributes><register_status>true</register_status>
          <compliance><status>${compliant}</status></compliance></attributes></device>`,
      )
      .join(''),
  );
const lists = (name: ServerName, body: string): void =>
  four.servers[name].script({ target: 'list', times: OFTEN, status: 200, body });

const SERVER_TROUBLES: Readonly<Record<string, readonly [End, (name: ServerName) => void]>> = {
  killed: ['aged', (name) => answers(name, { damage: 'reset' })],
  silent: [
    'aged',
    (name) => {
      four.servers[name].script({ target: 'list', hang: true });
      answers(name, { damage: 'reset', skip: 1 });
    },
  ],
  'with an empty list': [
    'held',
    (name) => {
      lists(name, list(''));
      four.servers[name].script({ target: 'device', times: OFTEN, status: 200, body: list('') });
    },
  ],
  'turning all verdicts': [
    'held',
    (name) =>
      lists(
        name,
        served(name, ({ compliant }) => ({ compliant: !compliant })),
      ),
  ],
  'with pages that lead to themselves': ['aged', (name) => behave(name, { repeatedPage: 2, queryMaxSize: 2 })],
  'answering 429 to everything': ['aged', (name) => behave(name, { requestLimit: 0 })],
  'with a body beyond all bounds': ['aged', (name) => behave(name, { document: 'huge' })],
  'asking for quiet': ['aged', (name) => behave(name, { busySeconds: 3_000, busyAnswer: 'noDevices' })],
  'refusing the credential': ['aged', (name) => answers(name, { status: 401 })],
};

function recover(name: SourceNameOfFour): void {
  if (name === 'intune' || name === 'emea') {
    const tenant = four.tenants[name];
    tenant.clearScripts();
    tenant.behave({ repeatedNextLinkPage: null });
    tenant.register({ secrets: [{ value: tenant.clientSecret }] });
  } else {
    four.servers[name].clearScripts();
    four.servers[name].behaveAsUsual();
  }
}

interface Known {
  readonly id: string;
  readonly standing: string;
}

/** One device of each standing, as the source itself has it. */
function knownOf(name: SourceNameOfFour): readonly Known[] {
  const all =
    name === 'intune' || name === 'emea'
      ? four.tenants[name].fleet.list().value.map(({ id, complianceState }) => ({ id, standing: complianceState }))
      : four.servers[name].fleet
          .all()
          .map(({ guid, compliant }) => ({ id: guid, standing: compliant ? 'compliant' : 'noncompliant' }));
  return ['compliant', 'noncompliant'].flatMap((wanted) => all.find(({ standing }) => standing === wanted) ?? []);
}

async function standings(name: SourceNameOfFour) {
  const seen = [];
  // One by one: while one question reads how fresh a source is, others go by what was known.
  for (const { id } of knownOf(name)) {
    const { standing, device, facts } = await four.ask(id, name);
    seen.push({ id, source: device?.source, standing, reachable: facts?.sourceReachable, asOf: device?.asOf ?? '' });
  }
  return seen;
}

const right = (name: SourceNameOfFour) =>
  knownOf(name).map(({ id, standing }) => ({ id, source: name, standing, reachable: true }));

async function expectWell(name: SourceNameOfFour, since: string): Promise<void> {
  const { lastComplete, stretch, held, retryAt, problem } = (await four.status())[name];
  expect({ name, devices: lastComplete?.devices, stretch, held, retryAt, problem }).toEqual({
    ...{ name, devices: FLEET_SIZE, stretch: 1, held: [] },
    ...{ retryAt: undefined, problem: undefined },
  });
  expect(lastComplete?.startedAt.localeCompare(since), `${name} was swept in time`).toBe(1);
  const seen = await standings(name);
  expect(seen).toMatchObject(right(name));
  for (const { asOf } of seen) expect(asOf, name).toBe(lastComplete?.startedAt);
}

test('all four are swept, and each of their devices is answered from its own', async () => {
  for (const name of FOUR) {
    expect(knownOf(name)).toHaveLength(2);
    await expectWell(name, '');
  }
});

const cases = [
  ...TENANTS.flatMap((name) =>
    Object.entries(TENANT_TROUBLES).map(([what, [end, begin]]) => ({ name, what, end, begin: begin as Trouble })),
  ),
  ...SERVERS.flatMap((name) =>
    Object.entries(SERVER_TROUBLES).map(([what, [end, begin]]) => ({ name, what, end, begin: begin as Trouble })),
  ),
];

describe('one in trouble', () => {
  test.each(cases)('$name $what', async ({ name, end, begin }) => {
    const before = (await four.status())[name];
    begin(name as never);
    const began = four.now();
    let during = before;
    // One list without a device proves nothing: the second one would.
    for (let rounds = 0; rounds === 0 || (rounds < 3 && end === 'held' && during.held.length === 0); rounds++) {
      const since = four.now();
      await four.round();
      for (const each of FOUR) if (each !== name) await expectWell(each, since);
      during = (await four.status())[name];
    }
    const seen = await standings(name);
    // No trouble of a source changes an answer by itself, for the better or for the worse.
    expect(seen.map(({ id, source, standing }) => ({ id, source, standing }))).toEqual(
      knownOf(name).map(({ id, standing }) => ({ id, source: name, standing })),
    );
    if (end === 'aged') {
      expect(during.lastComplete).toEqual(before.lastComplete);
      for (const { asOf } of seen) expect(asOf).toBe(before.lastComplete?.startedAt);
      expect(during.held).toEqual([]);
    } else {
      expect(during.held.length > 0).toBe(end === 'held');
    }
    recover(name);
    for (let rounds = 0; rounds < 5 && !(await isWell(name, began)); rounds++) await four.round();
    await expectWell(name, began);
  });
});

async function isWell(name: SourceNameOfFour, since: string): Promise<boolean> {
  const { lastComplete, stretch, held } = (await four.status())[name];
  return (
    (lastComplete?.startedAt ?? '') > since &&
    stretch === 1 &&
    held.length === 0 &&
    lastComplete?.devices === FLEET_SIZE
  );
}
