// What to tell the person on the phone, and who does the next step: by what is known of the device, and by what its
// newest session was answered. All of these sentences are here.

import type { Standing } from '../domain/device/standing.ts';
import { type Instant, millisecondsBetween } from '../domain/instant.ts';
import type { DeviceView } from '../http/schemas/device.ts';
import type { ShownSession } from '../http/schemas/session.ts';

type Advice = DeviceView['advice'];

export interface AdviceAbout {
  readonly at: Instant;
  readonly source: string;
  readonly present: boolean;
  readonly standing: Standing;
  readonly asOf: Instant;
  /** A newer observation waits for a person. */
  readonly held: boolean;
  readonly graceExpiresAt?: Instant | undefined;
  readonly lastSyncAt?: Instant | undefined;
  /** Its newest live session. */
  readonly session?: ShownSession | undefined;
  /** An override blocks it. */
  readonly blocked?: { readonly reason: string; readonly until: Instant } | undefined;
}

const OF_STANDING: Readonly<Record<Standing, (about: AdviceAbout) => Advice>> = {
  compliant: ({ source, asOf, at }) => ({
    sentence: `${source} says that the device is compliant, known ${age(asOf, at)}.`,
    next: 'Nothing: policy lets a compliant device in. Where access differs, look at the rule that decided.',
    who: 'none',
  }),
  noncompliant: ({ source, asOf, at }) => ({
    sentence: `${source} says that the device does not meet its compliance policy, known ${age(asOf, at)}.`,
    next: 'Open Company Portal, mend what it names, and let it check; access follows within minutes once the source says compliant.',
    who: 'user',
  }),
  inGracePeriod: ({ source, graceExpiresAt }) => ({
    sentence: `${source} gives the device time to become compliant${graceExpiresAt === undefined ? '' : `, until ${graceExpiresAt}`}.`,
    next: 'Open Company Portal and mend what it names before that time ends.',
    who: 'user',
  }),
  conflict: ({ source }) => ({
    sentence: `${source} has compliance policies for the device that contradict each other.`,
    next: 'Take away the contradiction between the compliance policies that are assigned to the device.',
    who: 'device administrator',
  }),
  error: ({ source }) => ({
    sentence: `${source} could not evaluate the device's compliance.`,
    next: 'Look at the device in the console of its source; a check-in by hand often clears it.',
    who: 'device administrator',
  }),
  unknown: ({ source }) => ({
    sentence: `${source} does not know yet whether the device is compliant.`,
    next: 'Let the device check in (Company Portal, Check access), then refresh it here.',
    who: 'user',
  }),
  configManager: ({ source }) => ({
    sentence: `${source} leaves the device's compliance to Configuration Manager.`,
    next: 'Look at the device in Configuration Manager; it must report compliance to the source.',
    who: 'device administrator',
  }),
  beingRemoved: ({ source }) => ({
    sentence: `${source} is retiring, wiping or deleting the device, or has done so.`,
    next: 'Enrol the device again if it is to stay in use.',
    who: 'device administrator',
  }),
  disabled: ({ source }) => ({
    sentence: `The account of the device, or of its owner, is disabled; ${source} still lists the device.`,
    next: 'Have the account enabled again, if it is to be.',
    who: 'device administrator',
  }),
  silent: ({ source, lastSyncAt }) => ({
    sentence: `The device has not checked in with ${source} for too long${lastSyncAt === undefined ? '' : `: last at ${lastSyncAt}`}.`,
    next: 'Connect it to the Internet and let it check in; it counts again once the source has heard of it.',
    who: 'user',
  }),
  notEnrolled: ({ source }) => ({
    sentence: `${source} does not know the device.`,
    next: 'Enrol the device; the next lookup finds it.',
    who: 'help desk',
  }),
  ambiguous: () => ({
    sentence: 'Several devices have the same address, as those of a dock or an adapter do: none of them is meant.',
    next: 'Let the device authenticate with its certificate, or without the shared adapter.',
    who: 'help desk',
  }),
  unidentified: () => ({
    sentence: 'The station showed nothing by which a device could be recognised.',
    next: 'Give the device a certificate that names it, and a profile that uses it.',
    who: 'device administrator',
  }),
  notAuthenticated: () => ({
    sentence: 'The station was not authenticated.',
    next: 'Look at the log of the RADIUS server: it refused the certificate or the password.',
    who: 'network administrator',
  }),
};

export function adviceOn(about: AdviceAbout): Advice {
  const { source, present, standing, held, session, blocked } = about;
  if (blocked !== undefined) {
    return {
      sentence: `An override blocks the device until ${blocked.until}: ${blocked.reason}`,
      next: 'End the override once its reason is gone.',
      who: 'help desk',
    };
  }
  if (!present) {
    return {
      sentence: `${source} does not list the device any more.`,
      next: 'Enrol the device again, or remove it from the network.',
      who: 'help desk',
    };
  }
  if (held) {
    return {
      sentence: `${source} says something new of the device, and of many others at once: it waits until a person lets it through.`,
      next: 'Release or refuse the run that holds it.',
      who: 'network administrator',
    };
  }
  const advice = (OF_STANDING[standing] ?? OF_STANDING.unknown)(about);
  if (session === undefined) return advice;
  if (session.enforced === false) {
    return {
      sentence: `${advice.sentence} The network has not yet been moved to the answer that policy gives now.`,
      next: 'Look at the CoA jobs of the session: they say what the switch answered. Reconnecting helps at once.',
      who: 'network administrator',
    };
  }
  // The standing is good, and the rule decided otherwise: it looks at something else.
  if (standing === 'compliant' && session.answer.standing !== 'compliant') {
    return {
      sentence: `The station was answered as ${session.answer.standing}, by the rule ${session.answer.rule}, though ${source} knows the device as compliant.`,
      next: 'Look at the decision: by what the station was recognised, and which conditions failed.',
      who: 'help desk',
    };
  }
  const { outcome, rule } = session.answer;
  const access = outcome.verdict === 'deny' ? 'It is not let on' : `It is on with the role ${outcome.role}`;
  return { ...advice, sentence: `${advice.sentence} ${access}, by the rule ${rule}.` };
}

function age(asOf: Instant, at: Instant): string {
  const minutes = Math.max(0, Math.floor(millisecondsBetween(asOf, at) / 60_000));
  if (minutes < 2) return 'since a moment ago';
  if (minutes < 120) return `as of ${minutes} minutes ago`;
  return minutes < 2_880
    ? `as of ${Math.floor(minutes / 60)} hours ago`
    : `as of ${Math.floor(minutes / 1_440)} days ago`;
}
