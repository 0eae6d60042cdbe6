// What hardly ever happens by chance is tried at the end, in a world that is well: a race of milliseconds, an operator
// in the midst of a quarantine, a station that roams while another one has its address.

import { awaitIn } from './compare.ts';
import { Nas } from './models/nas.ts';
import type { Station } from './models/station.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';
import { turnAndCompare } from './turn.ts';
import type { World } from './world.ts';

type Probe = (world: World, random: SeededRandom) => Promise<void>;

const MINUTE = 60_000;

/** One seed in four tries none. */
const PROBES: readonly Probe[] = [async () => undefined, operatorBesideQuarantine, loginsBesideTurn, roamBesideTwin];

export async function probe(world: World, seed: number): Promise<void> {
  const random = seededRandom(seed, 'probe');
  const chosen = random.pick(PROBES);
  world.tell(`PROBE ${chosen.name}`);
  await chosen(world, random);
}

/**
 * A NAS acknowledges a quarantine and does nothing, as for a supplicant that is asleep; and an operator, who sees the
 * station still there, asks for a re-authentication, which comes to as little. The quarantine goes on all the same.
 */
async function operatorBesideQuarantine(world: World, random: SeededRandom): Promise<void> {
  const candidates = world.nases.flatMap((nas) =>
    nas.sessions().flatMap((session) => {
      const device = Nas.inForce(session)?.presented;
      return device !== undefined && world.intune.get(device) !== undefined ? [{ nas, device }] : [];
    }),
  );
  if (candidates.length === 0) return;
  const { nas, device } = random.pick(candidates);
  nas.acksInVain = 2;
  await turnAndCompare(world, device, 'after a change that an operator saw under way', async () => {
    await awaitIn(
      world,
      world.operate((app, key) => app.reauthenticate(key, device)),
    );
  });
  nas.acksInVain = 0;
}

const TURNS_BEFORE_MS = 40_000;
/** A supplicant asks within three seconds after its link comes up. */
const PLUGGED_BEFORE_MS = 1_900;
const LOGINS = 32;
const LOGINS_EVERY_MS = 40;
/** Of each call, there and back: an answer still comes in time. */
const FAR_FROM_STORAGE_MS = 35;

/** Stations of one device log in while its turn is stored, at instances that are far from the store. */
async function loginsBesideTurn(world: World, random: SeededRandom): Promise<void> {
  const devices = world.intune.truth().map(({ id }) => id);
  if (devices.length === 0) return;
  const device = random.pick(devices);
  const answering = world.members.filter(({ role }) => role === 'http');
  // The poll begins with the minute, and lists lag behind by half of one at most.
  const begins = Math.ceil((world.time.now + MINUTE) / MINUTE) * MINUTE;
  await world.time.runUntil(begins - TURNS_BEFORE_MS);
  for (const { process } of answering) process.farMs = FAR_FROM_STORAGE_MS;
  for (let index = 0; index < LOGINS; index++) {
    const station = stationOf(`desk${index}`, `a0b1c2d3f1${hex(index)}`, device);
    world.stations.push(station);
    world.time.after(TURNS_BEFORE_MS - PLUGGED_BEFORE_MS + index * LOGINS_EVERY_MS, () => {
      const nas = random.pick(world.nases);
      nas.connect(station, nas.traits.kind === 'switch' ? `Gi1/0/${10 + index}` : '');
    });
  }
  world.time.after(MINUTE, () => {
    for (const { process } of answering) process.farMs = 0;
  });
  await turnAndCompare(world, device, 'after a change beside logins');
}

/** A station roams with its Class while another one of its address, which is no device's, was answered after it. */
async function roamBesideTwin(world: World, random: SeededRandom): Promise<void> {
  const devices = world.intune.truth().map(({ id }) => id);
  const radios = world.nases.filter(({ traits }) => traits.kind === 'access-point');
  const to = radios.find(({ traits }) => traits.sendsClass);
  const from = radios.find((nas) => nas !== to && nas.proxy === to?.proxy);
  const beside = world.nases.find((nas) => nas !== to && nas !== from && nas.proxy === to?.proxy);
  if (to === undefined || from === undefined || beside === undefined || devices.length === 0) return;
  const device = random.pick(devices);
  const station = stationOf('roamer', 'a0b1c2d3f2aa', device);
  const twin = stationOf('roamer-twin', station.mac, undefined);
  world.stations.push(station, twin);
  const steps = [
    () => from.connect(station, ''),
    () => beside.connect(twin, beside.traits.kind === 'switch' ? 'Gi1/0/40' : ''),
    () => to.receiveRoam(station, from),
  ];
  for (const step of steps) {
    step();
    await world.time.runUntil(world.time.now + MINUTE / 6);
  }
  await turnAndCompare(world, device, 'after a change of one that roamed beside its twin');
}

/** With a certificate, which names its device if it is one's. */
function stationOf(name: string, mac: string, device: string | undefined): Station {
  return { name, mac, device, credentials: ['machine'], place: undefined };
}

function hex(index: number): string {
  return index.toString(16).padStart(2, '0');
}
