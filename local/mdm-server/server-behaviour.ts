// The switches of the simulated MDM server: what Cisco's descriptions leave open, and what servers do against them. All
// hold until they are changed again; the usual values are those of a server in good health.

import { ControlError } from '../intune-tenant/control-error.ts';

export interface ServerBehaviour {
  /** The newest version that it speaks. */
  readonly newestVersion: number;
  /** `own`: it names its newest version, also to an asker that speaks an older one (IBM's sample does). */
  readonly versionAnswer: 'negotiated' | 'own' | 'absent';
  /** Whether a server of version 1 knows `mdminfo/?ise_api_version=`, or answers 404. */
  readonly informationByParameter: boolean;
  /** What mdminfo names as `api_path`. */
  readonly apiPath: string;
  readonly queryMaxSize: number;
  readonly xmlNames: 'documented' | 'capitalised' | 'upperCase';
  readonly namespace: 'none' | 'default' | 'prefix';
  /** Where the key of each device stands. */
  readonly keyEcho: 'both' | 'inDevice' | 'inAttributes' | 'none';
  /** Which attributes an answer has. */
  readonly attributes: 'all' | 'verdictOnly';
  readonly repeatedElements: 'none' | 'same' | 'different';
  readonly unknownDevice: 'emptyList' | 'noList' | 'notRegistered' | 'notFound';
  /** A question for one device is answered with another one. */
  readonly answersOther: boolean;
  readonly lastPage: 'zero' | 'absent' | 'empty';
  /** It puts its list on one page, however long. */
  readonly ignoresPageSize: boolean;
  /** The page of this number, counted from 1, leads to itself; null repeats nothing. */
  readonly repeatedPage: number | null;
  /** Its list has no end: each page leads to one more. */
  readonly listNeverEnds: boolean;
  /** Every page of the list leads to the one before it, in a circle of two. */
  readonly listGoesRound: boolean;
  /** `server_busy_wait_seconds` of each answer. */
  readonly busySeconds: number;
  /** What a busy server leaves out. */
  readonly busyAnswer: 'whole' | 'noDevices';
  /** Questions in a second; 429 beyond. Null sets no limit. */
  readonly requestLimit: number | null;
  readonly retryAfter: 'seconds' | 'date' | 'none';
  /** Every question is answered with 302 to this address; null redirects nothing. */
  readonly redirectTo: string | null;
  readonly document: 'good' | 'doctype' | 'entity' | 'deep' | 'huge' | 'html' | 'json' | 'otherName' | 'twoRoots';
}

export const USUAL_BEHAVIOUR: ServerBehaviour = {
  newestVersion: 3,
  versionAnswer: 'negotiated',
  informationByParameter: true,
  apiPath: '/ciscoise/mdmapi/v3',
  queryMaxSize: 100,
  xmlNames: 'documented',
  namespace: 'none',
  keyEcho: 'both',
  attributes: 'all',
  repeatedElements: 'none',
  unknownDevice: 'emptyList',
  answersOther: false,
  lastPage: 'zero',
  ignoresPageSize: false,
  repeatedPage: null,
  listNeverEnds: false,
  listGoesRound: false,
  busySeconds: 0,
  busyAnswer: 'whole',
  requestLimit: null,
  retryAfter: 'seconds',
  redirectTo: null,
  document: 'good',
};

type Rule =
  | readonly string[]
  | 'boolean'
  | 'text'
  | 'textOrNull'
  | readonly [least: number, most: number, orNull?: null];

const RULES: Readonly<Record<keyof ServerBehaviour, Rule>> = {
  newestVersion: [1, 9],
  versionAnswer: ['negotiated', 'own', 'absent'],
  informationByParameter: 'boolean',
  apiPath: 'text',
  queryMaxSize: [0, 100_000],
  xmlNames: ['documented', 'capitalised', 'upperCase'],
  namespace: ['none', 'default', 'prefix'],
  keyEcho: ['both', 'inDevice', 'inAttributes', 'none'],
  attributes: ['all', 'verdictOnly'],
  repeatedElements: ['none', 'same', 'different'],
  unknownDevice: ['emptyList', 'noList', 'notRegistered', 'notFound'],
  answersOther: 'boolean',
  lastPage: ['zero', 'absent', 'empty'],
  ignoresPageSize: 'boolean',
  repeatedPage: [1, 1_000_000, null],
  listNeverEnds: 'boolean',
  listGoesRound: 'boolean',
  busySeconds: [0, 1_000_000],
  busyAnswer: ['whole', 'noDevices'],
  requestLimit: [0, 1_000_000, null],
  retryAfter: ['seconds', 'date', 'none'],
  redirectTo: 'textOrNull',
  document: ['good', 'doctype', 'entity', 'deep', 'huge', 'html', 'json', 'otherName', 'twoRoots'],
};

/** The same change, once its names and values fit. @throws ControlError */
export function checkedBehaviour(change: Readonly<Record<string, unknown>>): Partial<ServerBehaviour> {
  for (const [name, value] of Object.entries(change)) {
    if (!Object.hasOwn(RULES, name)) {
      throw new ControlError(400, 'invalid_behaviour', `no switch '${name}': use ${Object.keys(RULES).join(', ')}`);
    }
    const rule = RULES[name as keyof ServerBehaviour];
    if (!fits(rule, value)) {
      throw new ControlError(400, 'invalid_behaviour', `${name} does not fit: use ${describe(rule)}`);
    }
  }
  return change;
}

function fits(rule: Rule, value: unknown): boolean {
  if (rule === 'boolean') return typeof value === 'boolean';
  if (rule === 'text') return typeof value === 'string';
  if (rule === 'textOrNull') return value === null || typeof value === 'string';
  const [least, most, orNull] = rule;
  if (typeof least === 'string' || typeof most !== 'number') return rule.some((each) => each === value);
  if (value === null) return orNull === null;
  return Number.isInteger(value) && Number(value) >= Number(least) && Number(value) <= most;
}

function describe(rule: Rule): string {
  if (typeof rule === 'string') return rule === 'boolean' ? 'true or false' : 'a text';
  const [least, most] = rule;
  return typeof most === 'number' ? `a whole number from ${least} to ${most}` : rule.join(', ');
}
