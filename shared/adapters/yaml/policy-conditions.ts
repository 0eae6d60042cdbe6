// Reads the conditions of a policy's rule: what stands under `when`.

import { isMap } from 'yaml';
import { isClientOrSiteName } from '../../domain/client.ts';
import { COMPLIANCE_STATES } from '../../domain/device/compliance-state.ts';
import { STANDING_MARKS, STANDINGS_WITHOUT_STATE } from '../../domain/device/standing.ts';
import { compareVersions, type DottedVersion, parseDottedVersion } from '../../domain/dotted-version.ts';
import { METHOD_WORDS } from '../../domain/identity/authentication-word.ts';
import { ASSURANCES } from '../../domain/identity/identity.ts';
import { CONTRADICTIONS } from '../../domain/identity/presented-identities.ts';
import { OWNER_WORDS } from '../../domain/policy/device-owner.ts';
import { isMacListName, LIST_PREFIX, MOST_LISTS } from '../../domain/policy/mac-list.ts';
import { anyOfMacSets, type MacSet, macDigits, macSet } from '../../domain/policy/mac-set.ts';
import * as condition from '../../domain/policy/policy-condition.ts';
import { MEDIA } from '../../domain/policy/policy-facts.ts';
import { parseDuration } from '../../duration.ts';
import { addressSet } from './address-set.ts';
import {
  address,
  devicePattern,
  issuerPattern,
  OWNERSHIPS,
  pattern,
  REGISTRATION_STATES,
  readMember,
  ssidPattern,
} from './policy-patterns.ts';
import { GUID } from './source-connections.ts';
import type { YamlField, YamlReader } from './yaml-reader.ts';

type Limit<T> = condition.Limit<T>;
type Read = (read: YamlReader, field: YamlField, known: KnownNames) => condition.Condition | undefined;

/**
 * The lists that a policy may name, by name; `unchecked` where no store is asked: then any well-formed name will do.
 */
export type MacLists = ReadonlyMap<string, MacSet> | 'unchecked';

/** What a policy may name that stands elsewhere. */
export interface KnownNames {
  readonly macLists: MacLists;
  /** Object ids of the groups that sources read, in lower case; `unchecked` where any will do. */
  readonly groups: ReadonlySet<string> | 'unchecked';
}

export const LONGEST_LIST = 200;

export const COMPLIANCE_WORDS = [...COMPLIANCE_STATES, ...STANDINGS_WITHOUT_STATE, ...STANDING_MARKS] as const;

/** What limits of a condition are made of. */
interface Measure<T> {
  readonly example: string;
  readonly parse: (text: string) => T | undefined;
  readonly compare: (a: T, b: T) => number;
  /** Nothing is less. */
  readonly least: T;
}

const VERSION: Measure<DottedVersion> = {
  example: '>= 10.0.19045',
  parse: parseDottedVersion,
  compare: compareVersions,
  least: [],
};
const NUMBER = { compare: (a: number, b: number) => a - b, least: 0 };
const DAYS: Measure<number> = { ...NUMBER, example: '>= 7', parse: wholeNumber };
const MINUTES: Measure<number> = { ...NUMBER, example: '< 60', parse: wholeNumber };
const AGE: Measure<number> = { ...NUMBER, example: '>= 4h', parse: duration };

/** Every condition there is, by the name it has in the file. */
const CONDITIONS = {
  compliance: (read, field) => list(read, field, (item) => read.oneOf(item, COMPLIANCE_WORDS), condition.complianceIs),
  assurance: (read, field) => list(read, field, (item) => read.oneOf(item, ASSURANCES), condition.assuranceIs),
  ownership: (read, field) => list(read, field, (item) => readMember(read, item, OWNERSHIPS), condition.ownershipIs),
  platform: (read, field) => list(read, field, (item) => devicePattern(read, item), condition.platformIs),
  osVersion: (read, field) => limits(read, field, VERSION, condition.osVersionIs),
  contradiction: (read, field) => contradiction(read, field),
  method: (read, field) => list(read, field, (item) => read.oneOf(item, METHOD_WORDS), condition.methodIs),
  macAddress: (read, field, { macLists }) => macAddress(read, field, macLists),
  certificateIssuer: (read, field) =>
    list(read, field, (item) => issuerPattern(read, item), condition.certificateIssuerMatches),
  deviceName: (read, field) => list(read, field, (item) => devicePattern(read, item), condition.deviceNameMatches),
  model: (read, field) => list(read, field, (item) => devicePattern(read, item), condition.modelMatches),
  category: (read, field) => list(read, field, (item) => devicePattern(read, item), condition.categoryMatches),
  encrypted: (read, field) => flag(read, field, condition.isEncrypted),
  jailbroken: (read, field) => flag(read, field, condition.isJailbroken),
  managementAgent: (read, field) => list(read, field, (item) => readMember(read, item), condition.managementAgentIs),
  registrationState: (read, field) =>
    list(read, field, (item) => readMember(read, item, REGISTRATION_STATES), condition.registrationStateIs),
  owner: (read, field) => list(read, field, (item) => read.oneOf(item, OWNER_WORDS), condition.ownerIs),
  source: (read, field) => list(read, field, (item) => sourceName(read, item), condition.sourceIs),
  group: (read, field, { groups }) => group(read, field, groups),
  sourceReachable: (read, field) => sourceReachable(read, field),
  daysSinceCheckIn: (read, field) => limits(read, field, DAYS, condition.daysSinceCheckInIs),
  registered: (read, field) => flag(read, field, condition.isRegistered),
  site: (read, field) => list(read, field, (item) => siteName(read, item), condition.siteIs),
  medium: (read, field) => list(read, field, (item) => read.oneOf(item, MEDIA), condition.mediumIs),
  ssid: (read, field) => list(read, field, (item) => ssidPattern(read, item), condition.ssidMatches),
  nasAddress: (read, field) =>
    list(
      read,
      field,
      (item) => address(read, item),
      (texts) => condition.nasAddressIn(addressSet(texts)),
    ),
  nasIdentifier: (read, field) => list(read, field, (item) => pattern(read, item), condition.nasIdentifierMatches),
  userName: (read, field) => list(read, field, (item) => pattern(read, item), condition.userNameMatches),
  minutesSinceEnrolment: (read, field) => limits(read, field, MINUTES, condition.minutesSinceEnrolmentIs),
  removalPending: (read, field) => flag(read, field, condition.removalIsPending),
  answerAge: (read, field) => limits(read, field, AGE, condition.answerAgeIs),
} as const satisfies Record<string, Read>;

export const CONDITION_NAMES = Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[];

export function readConditions(read: YamlReader, field: YamlField, known: KnownNames): condition.Condition[] {
  const fields = read.mapping(field, CONDITION_NAMES);
  return CONDITION_NAMES.flatMap((name) => {
    if (fields[name].node === undefined) return [];
    return CONDITIONS[name](read, fields[name], known) ?? [];
  });
}

export function siteName(read: YamlReader, field: YamlField): string | undefined {
  const text = read.textOrNumber(field);
  if (text === undefined || isClientOrSiteName(text)) return text;
  read.problem(field, 'is no site: up to 40 lower-case letters, digits and hyphens, as clients have it.');
  return undefined;
}

/** One value or a list of them. */
function list<T>(
  read: YamlReader,
  field: YamlField,
  readItem: (item: YamlField) => T | undefined,
  make: (items: readonly T[]) => condition.Condition,
): condition.Condition | undefined {
  const items = read.list(field, { orSingle: true, longest: LONGEST_LIST });
  if (items === undefined) return undefined;
  const values = items.map((item) => {
    if (item.node === undefined) read.problem(item, 'is empty: enter a value or remove the line.');
    return readItem(item);
  });
  return values.every((value) => value !== undefined) ? make(values as T[]) : undefined;
}

/** All limits of the list must be kept, so that `>= 17` and `< 18` make a range; there must be something in it. */
function limits<T>(
  read: YamlReader,
  field: YamlField,
  { example, parse, compare, least }: Measure<T>,
  make: (limits: readonly Limit<T>[]) => condition.Condition,
): condition.Condition | undefined {
  const readLimit = (item: YamlField): Limit<T> | undefined => {
    const text = read.text(item);
    const match = /^(?<operator>>=|<)\s*(?<value>[^\s<>=].*)$/.exec(text ?? '');
    const value = match?.groups?.['value'] === undefined ? undefined : parse(match.groups['value']);
    if (text === undefined) return undefined;
    if (match?.groups && value !== undefined) {
      return { operator: match.groups['operator'] as Limit<T>['operator'], value, text };
    }
    read.problem(item, `must be a limit with >= or <, in quotes, e.g. '${example}'.`);
    return undefined;
  };
  return list(read, field, readLimit, (found) => {
    const from = [least, ...found.flatMap(({ operator, value }) => (operator === '>=' ? [value] : []))];
    const below = found.flatMap(({ operator, value }) => (operator === '<' ? [value] : []));
    if (below.some((end) => from.some((start) => compare(start, end) >= 0))) {
      read.problem(field, `can never match: nothing is ${found.map(({ text }) => text).join(' and ')}.`);
    }
    return make(found);
  });
}

/** True, false or which. */
function contradiction(read: YamlReader, field: YamlField): condition.Condition | undefined {
  if (typeof read.value({ ...field }, { quietly: true }) === 'boolean')
    return flag(read, field, condition.contradictionIs);
  return list(read, field, (item) => read.oneOf(item, CONTRADICTIONS), condition.contradictionIs);
}

/** True or false of the source that counts, or of sources by name. */
function sourceReachable(read: YamlReader, field: YamlField): condition.Condition | undefined {
  if (!isMap(field.node)) return flag(read, field, condition.sourceIsReachable);
  const meaning = 'names of sources, each with true or false';
  const entries = read.entries(field, meaning);
  if (entries.length === 0 || entries.length > LONGEST_LIST) {
    read.problem(field, `must have 1 to ${LONGEST_LIST} ${meaning}.`);
    return undefined;
  }
  const wanted = entries.map(({ key, at, value }) => {
    if (!SOURCE_NAME.test(key)) read.problem(at, NO_SOURCE);
    return [key, read.flag(value)] as const;
  });
  if (wanted.some(([, is]) => is === undefined)) return undefined;
  return condition.sourcesAreReachable(Object.fromEntries(wanted as [string, boolean][]));
}

const NO_SOURCE = 'is no source: up to 31 lower-case letters, digits and hyphens, beginning with a letter.';
export const SOURCE_NAME = /^[a-z][a-z0-9-]{0,30}$/;

function sourceName(read: YamlReader, field: YamlField): string | undefined {
  const text = read.textOrNumber(field);
  if (text === undefined || SOURCE_NAME.test(text)) return text;
  read.problem(field, NO_SOURCE);
  return undefined;
}

/** Groups of which one is enough, or groups each with whether it must be so. */
function group(read: YamlReader, field: YamlField, known: KnownNames['groups']): condition.Condition | undefined {
  if (!isMap(field.node)) return list(read, field, (item) => groupId(read, item, known), condition.groupIs);
  const meaning = 'object ids of groups, each with true or false';
  const entries = read.entries(field, meaning);
  if (entries.length === 0 || entries.length > LONGEST_LIST) {
    read.problem(field, `must have 1 to ${LONGEST_LIST} ${meaning}.`);
    return undefined;
  }
  const wanted = new Map<string, boolean | undefined>();
  for (const { key, at, value } of entries) {
    const id = checkedGroup(read, at, key, known);
    if (id !== undefined && wanted.has(id)) read.problem(at, 'stands there twice, in other letters: remove one.');
    if (id !== undefined) wanted.set(id, read.flag(value));
  }
  if (wanted.size < entries.length || [...wanted.values()].includes(undefined)) return undefined;
  return condition.groupsAre(Object.fromEntries(wanted) as Record<string, boolean>);
}

function groupId(read: YamlReader, field: YamlField, known: KnownNames['groups']): string | undefined {
  const text = read.textOrNumber(field);
  return text === undefined ? undefined : checkedGroup(read, field, text, known);
}

/** In lower case. */
function checkedGroup(read: YamlReader, at: YamlField, text: string, known: KnownNames['groups']): string | undefined {
  const id = text.toLowerCase();
  if (!GROUP_ID.test(id)) {
    read.problem(at, 'is no group: its object id in Entra ID, like 0f8fad5b-d9cb-469f-a165-70867728950e.');
  } else if (known !== 'unchecked' && !known.has(id)) {
    read.problem(
      at,
      'is a group that no source reads: enter it under `groups` of a source of kind entra first (npm run sources).',
    );
  } else return id;
  return undefined;
}

/** In lower or upper case. */
const GROUP_ID = new RegExp(GUID);

/** Addresses, beginnings of them, and names of lists. */
function macAddress(read: YamlReader, field: YamlField, lists: MacLists): condition.Condition | undefined {
  return list(
    read,
    field,
    (item) => macOrList(read, item, lists),
    (items) => {
      const written = items.filter((item) => typeof item === 'string');
      const named = items.filter((item) => typeof item !== 'string');
      return condition.macAddressIn(anyOfMacSets([...(written.length > 0 ? [macSet(written)] : []), ...named]));
    },
  );
}

/** As it is written: `001122334455` without quotes is a number to YAML, and its zeros would be lost. */
function macOrList(read: YamlReader, field: YamlField, lists: MacLists): string | MacSet | undefined {
  const text = read.textOrNumber(field);
  if (text?.startsWith(LIST_PREFIX)) return namedList(read, field, text.slice(LIST_PREFIX.length), lists);
  const digits = text === undefined ? undefined : macDigits(text);
  if (text !== undefined && digits === undefined) {
    read.problem(
      field,
      'is no MAC address, no beginning of one and no list: 6 to 12 hexadecimal digits, e.g. 00:11:22 or 00-11-22-33-44-55, or list:printers-1.',
    );
  }
  return digits;
}

function namedList(read: YamlReader, field: YamlField, name: string, lists: MacLists): MacSet | undefined {
  const found = lists === 'unchecked' ? unchecked(name) : lists.get(name);
  if (found === undefined) {
    read.problem(
      field,
      `is no list in the store: bring it with \`npm run policy -- upload-list\` first (a policy may name ${MOST_LISTS}).`,
    );
  }
  return found;
}

function unchecked(name: string): MacSet | undefined {
  return isMacListName(name) ? macSet([], name) : undefined;
}

function flag(read: YamlReader, field: YamlField, make: (wanted: boolean) => condition.Condition) {
  const wanted = read.flag(field);
  return wanted === undefined ? undefined : make(wanted);
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function duration(text: string): number | undefined {
  return /[a-z]$/i.test(text) ? parseDuration(text) : undefined;
}
