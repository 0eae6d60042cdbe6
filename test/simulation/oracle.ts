// What must be true of a world, read from the truth alone: what Intune holds, what the policy says, and what NASes
// really do. It shares no code with the flows; of the product it asks only what an operator would ask.

import type { App } from '../../shared/app.ts';
import { type GivenAnswer, Nas, type NasSession } from './models/nas.ts';
import type { Station } from './models/station.ts';
import { decide, type TrueStanding } from './policies.ts';
import type { World } from './world.ts';

type Job = Awaited<ReturnType<App['jobs']>>['jobs'][number];

const FINAL = ['dead-lettered', 'refused', 'proven', 'ended', 'superseded', 'expired'];

export interface Difference {
  readonly session: NasSession;
  readonly nas: Nas;
  readonly inForce: GivenAnswer;
  readonly wanted: string;
}

/** Every live station whose answer is not the one that policy gives. */
export function differences(world: World): Difference[] {
  return world.nases.flatMap((nas) =>
    nas.sessions().flatMap((session) => {
      const inForce = Nas.inForce(session);
      if (inForce === undefined || isAnyones(world, session.station, nas)) return [];
      const standing = standingOf(world, session.station.mac, inForce);
      const overridden = overriddenOutcome(world, session.station.mac, inForce);
      if (overridden === 'either') return [];
      const wanted = overridden ?? decide(world.policy, standing, nas.proxy.site, inForce.credential);
      return wanted === inForce.outcome ? [] : [{ session, nas, inForce, wanted }];
    }),
  );
}

/**
 * Two machines have the address, and the NAS repeats no Class: which of their answers the one here has, nothing tells
 * for sure.
 */
function isAnyones(world: World, { name, mac }: Station, { traits }: Nas): boolean {
  return !traits.sendsClass && world.stations.some((other) => other.mac === mac && other.name !== name);
}

/** How long after a change of the overrides either answer is right: instances read them, then CoAs go out. */
const EITHER_MS = 2 * 60_000;

/** What an override gives in place of policy: `either` shortly after its end. */
function overriddenOutcome(world: World, mac: string, { credential, presented }: GivenAnswer): string | undefined {
  const named = credential === 'mab' ? holderOf(world, mac) : presented;
  const concerned = world
    .overrides()
    .filter((one) => (one.mac === undefined ? one.device === named : one.mac === mac))
    // An address proves itself by bypass alone.
    .filter((one) => one.block === true || credential === 'mab');
  const { now } = world.time;
  if (concerned.some(({ endsAt }) => endsAt <= now && now < endsAt + EITHER_MS + world.largestSkewMs)) return 'either';
  const inForce = concerned.filter(({ endsAt }) => endsAt > now);
  if (inForce.some(({ block }) => block === true)) return 'deny';
  if (mayBeBlocked(world, mac, named)) return 'either';
  return inForce.length > 0 ? 'permit compliant 10' : undefined;
}

/**
 * A device is blocked that has had this address, or a mark of the device that the station names: it may be the same
 * machine under another record, and a block takes what may be. Until when an instance knows of its end, either answer
 * is right.
 */
function mayBeBlocked(world: World, mac: string, named: string | undefined): boolean {
  const own = named === undefined ? new Set<string>() : world.intune.marksOf(named);
  const marks = new Set([mac, ...own]);
  const { now } = world.time;
  return world.overrides().some(({ block, device, endsAt }) => {
    if (block !== true || device === undefined || device === named) return false;
    if (now >= endsAt + EITHER_MS + world.largestSkewMs) return false;
    return [...world.intune.marksOf(device)].some((mark) => marks.has(mark));
  });
}

/** The one device that is known by the address. */
function holderOf(world: World, mac: string): string | undefined {
  if (isRandom(mac)) return undefined;
  const holders = world.intune.truth().filter(({ wifiMac }) => wifiMac === mac);
  return holders.length === 1 ? holders[0]?.id : undefined;
}

function standingOf(world: World, mac: string, { credential, presented }: GivenAnswer): TrueStanding {
  if (credential !== 'mab') return presented === undefined ? 'unidentified' : stateOf(world, presented);
  if (isRandom(mac)) return 'unidentified';
  const holders = world.intune.truth().filter(({ wifiMac }) => wifiMac === mac);
  const [only] = holders;
  if (only === undefined) return 'notEnrolled';
  return holders.length > 1 ? 'ambiguous' : stateOf(world, only.id);
}

/** The second digit says whether the address was made up locally: no device is known by such a one. */
function isRandom(mac: string): boolean {
  return '2367abef'.includes(mac.charAt(1));
}

function stateOf(world: World, id: string): TrueStanding {
  const state = world.intune.get(id)?.complianceState;
  const partner = world.partnerOf(id)?.complianceState;
  // What two sources know is as bad as the worse of them says; what Intune does not know, nothing leads to.
  const both = state === undefined ? [] : [state, partner];
  return (['noncompliant', 'inGracePeriod', 'compliant'] as const).find((each) => both.includes(each)) ?? 'notEnrolled';
}

/** What operators see under way, or not enforced. */
export async function notEnforced(world: World): Promise<readonly Job[]> {
  return allJobs(world, [['notEnforced', 'true']]);
}

export async function allJobs(world: World, query: [string, string][]): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (let after: string | undefined; ; ) {
    const parameters: [string, string][] = [
      ...query,
      ['limit', '1000'],
      ...(after === undefined ? [] : [['after', after] as [string, string]]),
    ];
    const page = await world.operate((app, key) => app.jobs(key, parameters));
    jobs.push(...(page?.jobs ?? []));
    if (page?.next === undefined) return jobs;
    after = page.next;
  }
}

/** A job about this station at this place. */
export function covers(job: Job, { session, nas }: Difference): boolean {
  const mac = job.session.callingStationId?.replaceAll('-', '').toLowerCase();
  return job.site === nas.proxy.site && mac === session.station.mac && job.nas.nasIpAddress === nas.address;
}

export function describe({ session, nas, inForce, wanted }: Difference): string {
  return `${session.station.name} (${session.station.mac}) by ${inForce.credential} at ${nas.name} ${session.port} has ${inForce.outcome} (${inForce.given} ${inForce.class ?? 'without Class'}, ${inForce.standing}), and policy gives ${wanted}`;
}

/** A job has one end, and is over with it. */
export function twoEnds(jobs: readonly Job[]): string[] {
  return jobs.flatMap(({ id, stage, steps }) => {
    const ends = steps.filter((step) => FINAL.includes(step.stage)).map((step) => step.stage);
    if (ends.length === 0 || (ends.length === 1 && ends[0] === stage)) return [];
    return [`job ${id} came to ${ends.join(' and ')} and stands at ${stage}`];
  });
}

/** How long a record may be under way, and how far the clock is off by which a job was decided. */
const RECORD_TAKES_MS = 10 * 60_000;

/**
 * Proof comes from the network: the NAS has accounted for the station with an answer as the job wants it, or there is
 * none.
 */
export function falseProofs(world: World, jobs: readonly Job[]): string[] {
  return jobs.flatMap(({ id, stage, site, session, nas, wanted, decidedAt }) => {
    if (stage !== 'proven') return [];
    const mac = session.callingStationId?.replaceAll('-', '').toLowerCase();
    const there = world.nases.find((one) => one.proxy.site === site && one.address === nas.nasIpAddress);
    const since = Date.parse(decidedAt) - RECORD_TAKES_MS;
    const proof = there?.accounted.find(
      (one) => one.mac === mac && one.at >= since && (wanted === undefined || one.outcome === outcomeText(wanted)),
    );
    return proof === undefined ? [`job ${id} is proven by nothing that ${there?.name} has said`] : [];
  });
}

function outcomeText(outcome: NonNullable<Job['wanted']>): string {
  return outcome.verdict === 'permit' ? `permit ${outcome.role} ${outcome.vlan}` : 'deny';
}
