// What happens in a world. An event is a kind and three numbers: which of the things there are it is about is found
// when it happens, so that a history with some events less is still a history.

import type { CoaTrouble, Nas } from './models/nas.ts';
import { hasSupplicant, type Station } from './models/station.ts';
import { POLICIES, policyYaml } from './policies.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';
import type { Trouble } from './services/conditions.ts';
import type { World } from './world.ts';

export interface SimEvent {
  /** Milliseconds after the world began. */
  readonly at: number;
  readonly kind: EventKind;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

type Happen = (world: World, event: SimEvent) => void | Promise<void>;

const MINUTE = 60_000;

const of = <T>(from: readonly T[], number: number): T => from[number % from.length] as T;

/** Which of them there are now, so that nothing happens where there is none. */
function withDevice(world: World, number: number): (Station & { device: string }) | undefined {
  const stations = world.stations.filter(
    (one): one is Station & { device: string } =>
      one.device !== undefined && world.intune.get(one.device) !== undefined,
  );
  return stations.length === 0 ? undefined : of(stations, number);
}

function ofSecond(world: World, number: number) {
  const records = world.second?.truth() ?? [];
  return records.length === 0 ? undefined : of(records, number);
}

function portOf(nas: Nas, number: number): string {
  return nas.traits.kind === 'switch' ? `Gi1/0/${1 + (number % 8)}` : '';
}

function members(world: World, role: 'http' | 'background' | 'relay') {
  return world.members.filter((member) => member.role === role && member.process.alive);
}

/** How often each is among a hundred events, and what it does. */
const KINDS = {
  turn: [
    14,
    (world, { a, b, c }) => {
      const station = withDevice(world, a);
      if (station)
        world.turn(station.device, of(['noncompliant', 'compliant', 'noncompliant', 'inGracePeriod'], b), c % 4 > 0);
    },
  ],
  remove: [
    3,
    (world, { a }) => {
      const station = withDevice(world, a);
      if (station) world.intune.remove(station.device);
    },
  ],
  enrol: [
    4,
    (world, { a, b }) => {
      const station = of(world.stations, a);
      if (station.device !== undefined) world.intune.remove(station.device);
      world.enrol(station, b % 4 > 0 ? 'compliant' : 'noncompliant');
    },
  ],
  'enrol-and-leave': [
    2,
    (world, { a, b }) => {
      const station = of(world.stations, a);
      if (station.device !== undefined && world.intune.get(station.device) !== undefined) return;
      const id = world.enrol(station, 'compliant');
      world.time.after(20_000 + (b % (4 * MINUTE)), () => world.intune.remove(id));
    },
  ],
  'mass-turn': [
    1,
    (world, { a, b }) => {
      const state = of(['noncompliant', 'compliant'] as const, a);
      for (const [index, id] of [...world.knownDevices.keys()].entries()) {
        if ((index + b) % 4 > 0) world.turn(id, state, true);
      }
    },
  ],
  connect: [
    12,
    (world, { a, b, c }) => {
      const station = of(world.stations, a);
      const nas = of(world.nases, b);
      const before = station.place;
      if (before !== undefined) before.nas.disconnect(station, c % 5 === 0);
      nas.connect(station, portOf(nas, c));
    },
  ],
  leave: [3, (world, { a, c }) => of(world.stations, a).place?.nas.disconnect(of(world.stations, a), c % 4 === 0)],
  'fast-roam': [
    5,
    (world, { a, b }) => {
      const station = of(world.stations, a);
      const from = world.nases.find((nas) => nas === station.place?.nas);
      if (from === undefined) return;
      const others = world.nases.filter(
        (nas) => nas !== from && nas.proxy === from.proxy && nas.traits.kind === 'access-point',
      );
      if (from.traits.kind === 'access-point' && others.length > 0) of(others, b).receiveRoam(station, from);
    },
  ],
  'ask-again': [
    8,
    (world, { a, b }) => {
      const station = of(world.stations, a);
      station.place?.nas.reauthenticate(station, of(station.credentials, b));
    },
  ],
  'nas-restarts': [3, (world, { a, b }) => of(world.nases, a).restart(b % 4 > 0)],
  'nas-trouble': [
    4,
    (world, { a, b, c }) => {
      const nas = of(world.nases, a);
      nas.coaTrouble = of<CoaTrouble>(['dead', 'busy', 'lossy'], b);
      world.time.after(10_000 + (c % (5 * MINUTE)), () => {
        nas.coaTrouble = 'none';
      });
    },
  ],
  'nas-clock': [
    1,
    (world, { a, b }) => {
      const years = 365 * 24 * 60 * MINUTE;
      of(world.nases, a).clockOffMs = of([-20 * years, 3 * years, -4 * MINUTE, 4 * MINUTE, -45_000, 0], b);
    },
  ],
  'accept-lost': [
    2,
    (world, { a, b }) => {
      of(world.nases, a).dropsAccepts += 1 + (b % 2);
    },
  ],
  'accounting-trouble': [
    4,
    (world, { a, b, c }) => {
      const proxy = of(world.proxies, a);
      proxy.accountingTrouble = of(
        [
          { lost: 0.3, doubled: 0, late: 0 },
          { lost: 0, doubled: 0.5, late: 0 },
          { lost: 0, doubled: 0.2, late: 0.6 },
        ],
        b,
      );
      world.time.after(30_000 + (c % (8 * MINUTE)), () => {
        proxy.accountingTrouble = { lost: 0, doubled: 0, late: 0 };
      });
    },
  ],
  kill: [
    9,
    (world, { a, b, c }) => {
      const up = members(world, of(['background', 'http', 'background', 'relay'], a));
      if (up.length === 0) return;
      const { process } = of(up, b);
      if (c % 3 === 0) process.kill();
      else process.killAtCall(1 + (c % 40), c % 2 === 0);
    },
  ],
  'storage-trouble': [
    4,
    (world, { a, b }) => {
      const trouble = of<Trouble>(['slow', 'refuses', 'loses-answers', 'slow', 'away'], a);
      world.conditions.trouble.storage = trouble;
      world.time.after(5_000 + (b % (trouble === 'away' ? 40_000 : 2 * MINUTE)), () => {
        world.conditions.trouble.storage = 'none';
      });
    },
  ],
  'bus-trouble': [
    3,
    (world, { a, b }) => {
      world.conditions.trouble.serviceBus = of<Trouble>(['slow', 'refuses', 'loses-answers', 'away'], a);
      world.time.after(5_000 + (b % (3 * MINUTE)), () => {
        world.conditions.trouble.serviceBus = 'none';
      });
    },
  ],
  'intune-trouble': [
    4,
    (world, { a, b }) => {
      world.intune.trouble = of(['away', 'throttles', 'short-list', 'short-list', 'empty-list'] as const, a);
      world.time.after(10_000 + (b % (6 * MINUTE)), () => {
        world.intune.trouble = 'none';
      });
    },
  ],
  'policy-activated': [
    3,
    (world, { a }) => {
      const policy = of(POLICIES, a);
      return world.activate(policy, policyYaml(policy));
    },
  ],
  'policy-rolled-back': [1, (world) => world.rollBack()],
  'operator-reauthenticates': [
    3,
    async (world, { a }) => {
      const station = withDevice(world, a);
      if (station) await world.operate((app, key) => app.reauthenticate(key, station.device));
    },
  ],
  'operator-resends': [
    2,
    async (world, { a }) => {
      await world.operate(async (app, key) => {
        const { jobs } = await app.jobs(key, [['notEnforced', 'true']]);
        if (jobs.length === 0) return;
        const { site, id } = of(jobs, a);
        await app.resend(key, site, id);
      });
    },
  ],
  // In the histories of some seeds alone, see `overridesOf`.
  'operator-overrides': [
    0,
    (world, { a, b, c }) => world.override(of(world.stations, a), b, MINUTE + (c % (30 * MINUTE))),
  ],
  // In worlds with a second source alone, see `ofSecondSource`.
  'second-turns': [
    0,
    (world, { a, b }) => {
      const record = ofSecond(world, a);
      if (record?.entraDeviceId === undefined) return;
      const state = of(['noncompliant', 'compliant', 'noncompliant', 'inGracePeriod'] as const, b);
      world.second?.put(record.id, record.entraDeviceId, state);
    },
  ],
  'second-loses': [0, (world, { a }) => world.second?.remove(ofSecond(world, a)?.id ?? '')],
  'second-enrols': [
    0,
    (world, { a, b, c }) => {
      const station = withDevice(world, a);
      const follows = c % 2 === 0 ? ofSecond(world, b)?.id : undefined;
      if (station) world.enrolSecond(station.device, b % 3 > 0 ? 'compliant' : 'noncompliant', follows);
    },
  ],
  'second-trouble': [
    0,
    (world, { a, b }) => {
      const { second } = world;
      if (second === undefined) return;
      second.trouble = of(['away', 'hangs', 'short-list', 'empty-list'] as const, a);
      world.time.after(10_000 + (b % (6 * MINUTE)), () => {
        second.trouble = 'none';
      });
    },
  ],
  'operator-ends-override': [0, (world, { a }) => world.endOverride(a)],
  'operator-releases': [2, (world) => world.releaseHeld()],
  'clock-off': [
    1,
    (world, { a, b }) => {
      const { process } = of(world.members, a);
      process.skewMs = of([-90_000, 45_000, -5_000, 8_000], b);
      world.largestSkewMs = Math.max(world.largestSkewMs, Math.abs(process.skewMs));
    },
  ],
  'plug-twin': [
    2,
    (world, { a, b, c }) => {
      // The same address at two places: a copy, or a machine that left without a word.
      const station = of(world.stations, a);
      const twin = world.stations.find((one) => one !== station && one.mac === station.mac);
      const nas = of(world.nases, b);
      if (twin !== undefined && hasSupplicant(station)) nas.connect(twin, portOf(nas, c));
    },
  ],
} satisfies Record<string, readonly [number, Happen]>;

export type EventKind = keyof typeof KINDS;

const WEIGHTED = Object.entries(KINDS).flatMap(([kind, [weight]]) => Array<EventKind>(weight).fill(kind as EventKind));

/** The history of a seed, in the order of time. */
export function historyOf(seed: number, durationMs: number): SimEvent[] {
  const random = seededRandom(seed, 'history');
  const arrivals = Array.from(
    { length: 8 },
    (_, index): SimEvent => ({ ...numbers(random), at: 70_000 + index * 3_000, kind: 'connect', a: index }),
  );
  const count = random.between(30, 130);
  const events = Array.from(
    { length: count },
    (): SimEvent => ({
      at: 100_000 + random.below(durationMs - 100_000),
      kind: random.pick(WEIGHTED),
      ...numbers(random),
    }),
  );
  return [...arrivals, ...events, ...overridesOf(seed, durationMs), ...ofSecondSource(seed, durationMs)].sort(
    (one, other) => one.at - other.at,
  );
}

/** By numbers of their own, so that every other event is where it was before there were overrides. */
function overridesOf(seed: number, durationMs: number): SimEvent[] {
  if (![3, 5, 6].includes(seed % 8)) return [];
  const random = seededRandom(seed, 'overrides');
  return Array.from(
    { length: random.between(2, 8) },
    (): SimEvent => ({
      at: 100_000 + random.below(durationMs - 100_000),
      kind: random.chance(0.8) ? 'operator-overrides' : 'operator-ends-override',
      ...numbers(random),
    }),
  );
}

/** The same, of the second source. */
function ofSecondSource(seed: number, durationMs: number): SimEvent[] {
  if (seed % 3 !== 1) return [];
  const random = seededRandom(seed, 'history of the second source');
  const kinds: readonly EventKind[] = [
    'second-turns',
    'second-turns',
    'second-enrols',
    'second-loses',
    'second-trouble',
  ];
  return Array.from(
    { length: random.between(6, 24) },
    (): SimEvent => ({
      at: 100_000 + random.below(durationMs - 100_000),
      kind: random.pick(kinds),
      ...numbers(random),
    }),
  );
}

export async function happen(world: World, event: SimEvent): Promise<void> {
  const [, work] = KINDS[event.kind];
  await (work as Happen)(world, event);
}

function numbers(random: SeededRandom): Pick<SimEvent, 'a' | 'b' | 'c'> {
  return { a: random.below(2 ** 30), b: random.below(2 ** 30), c: random.below(2 ** 30) };
}
