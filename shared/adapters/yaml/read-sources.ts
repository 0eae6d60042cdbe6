// Reads sources.yaml: strict, with every problem at once, each with its line, its column and how to mend it. What is
// written where a secret may stand by mistake is never shown.

import { isClientOrSiteName } from '../../domain/client.ts';
import { MOST_GROUPS } from '../../domain/device/group-memberships.ts';
import { CERTIFICATE_SOURCE } from '../../domain/identity/certificate-source.ts';
import {
  type CommonDefinition,
  isSourceName,
  SOURCE_KINDS,
  type SourceDefinition,
  type SourceKind,
} from '../../domain/source/source-definition.ts';
import { placeOf } from '../../domain/source/source-place.ts';
import { parseDuration } from '../../duration.ts';
import { SourcesError } from '../../errors.ts';
import {
  CISCO_MDM_KEYS,
  guid,
  type HomeTenant,
  MICROSOFT_KEYS,
  readCiscoMdmConnection,
  readMicrosoftConnection,
} from './source-connections.ts';
import { type YamlField, YamlReader } from './yaml-reader.ts';

/** Characters of a sources.yaml, and how much may stand in it. */
export const LARGEST_SOURCES = 100_000;
export const MOST_SOURCES = 16;
export const MOST_SITES_OF_SOURCE = 500;
export const HIGHEST_PRECEDENCE = 1_000;
export const MOST_HELD = 1_000_000;
export const PERMISSIONS = ['full', 'compliance-only'] as const;

/** Of MDM servers and of a directory; Intune's is that of POLLING_INTERVAL. */
const USUAL_INTERVAL_MS = 15 * 60_000;

const COMMON_KEYS = ['name', 'kind', 'pollingInterval', 'massChange', 'precedence', 'sites'] as const;

export const KEYS = {
  intune: [...COMMON_KEYS, ...MICROSOFT_KEYS, 'permissions', 'deviceDelta'],
  entra: [...COMMON_KEYS, ...MICROSOFT_KEYS, 'users', 'groups'],
  'cisco-mdm': [...COMMON_KEYS, ...CISCO_MDM_KEYS, 'listsAll'],
} as const satisfies Record<SourceKind, readonly string[]>;

type Key = (typeof KEYS)[SourceKind][number];
type Fields = Readonly<Record<Key, YamlField>>;

const ALL_KEYS: readonly Key[] = [...new Set(Object.values(KEYS).flat())];

/** What an entry has that does not say otherwise: as the settings have it. */
export interface SourceDefaults {
  readonly home: HomeTenant;
  readonly permissions: (typeof PERMISSIONS)[number];
  readonly deviceDelta: boolean;
  /** Of Intune. */
  readonly pollingIntervalMs: number;
  readonly massChange: { readonly share: number; readonly least: number };
  /** Where the account of MDM_USERNAME may be sent; `unknown` where no settings are at hand. */
  readonly mdmAddress: string | undefined | 'unknown';
}

export interface ReadSourcesOptions {
  readonly defaults: SourceDefaults;
  /** Sites that there are; absent: not asked. */
  readonly sites?: ReadonlySet<string> | undefined;
  /** Whether devices of another customer may be stored under its name; absent: not asked. */
  readonly isTaken?: (definition: SourceDefinition) => boolean;
  /** As the operator named the file, for messages. */
  readonly file?: string;
}

/** @returns at least one definition @throws SourcesError, and nothing else, for any text */
export function readSources(
  text: string,
  { defaults, sites, isTaken, file = 'sources.yaml' }: ReadSourcesOptions,
): readonly SourceDefinition[] {
  if (text.length > LARGEST_SOURCES) {
    const problem = `has more than ${LARGEST_SOURCES} characters.`;
    throw new SourcesError(file, [{ path: '', line: 1, column: 1, problem }]);
  }
  const read = new YamlReader(text, { strict: true, discreet: true });
  const { sources } = read.mapping(read.root, ['sources']);
  const definitions = readList(read, sources, { defaults, sites, isTaken });
  if (read.problems.length === 0) return definitions;
  throw new SourcesError(
    file,
    read.problems.toSorted((one, other) => one.line - other.line || one.column - other.column),
  );
}

const TAKEN =
  'was the name of a source that asked another tenant or server, and whose devices are stored under it: ' +
  'give this source a name of its own.';

type Given = Pick<ReadSourcesOptions, 'defaults' | 'sites'> & {
  readonly isTaken: ReadSourcesOptions['isTaken'];
};

function readList(read: YamlReader, field: YamlField, given: Given): SourceDefinition[] {
  const items = read.list(field);
  if (items.length === 0) read.problem(field, 'is missing: enter at least one source.');
  if (items.length > MOST_SOURCES) read.problem(field, `has more than ${MOST_SOURCES} sources.`);
  const names = new Set<string>();
  const places = new Map<string, string>();
  return items.slice(0, MOST_SOURCES).flatMap((item) => {
    const fields = read.mapping(item, ALL_KEYS);
    const name = readName(read, fields);
    if (name !== undefined && names.has(name)) {
      read.problem(fields.name, `is the second source named "${name}": each has a name of its own.`);
    }
    if (name !== undefined) names.add(name);
    const definition = readSource(read, fields, name, given);
    if (definition === undefined) return [];
    // Two sources of one server or tenant would fight over the same devices.
    const place = placeOf(definition);
    const other = places.get(place);
    if (other !== undefined) read.problem(item, `asks what "${other}" asks: remove one of the two.`);
    places.set(place, definition.name);
    if (given.isTaken?.(definition)) read.problem(fields.name, TAKEN);
    return [definition];
  });
}

function readSource(
  read: YamlReader,
  fields: Fields,
  name: string | undefined,
  { defaults, sites }: Given,
): SourceDefinition | undefined {
  if (fields.kind.node === undefined) read.missing(fields.kind, `one of ${SOURCE_KINDS.join(', ')}`);
  const kind = read.oneOf(fields.kind, SOURCE_KINDS);
  if (kind === undefined) return undefined;
  const allowed: readonly Key[] = KEYS[kind];
  for (const key of ALL_KEYS) {
    if (fields[key].node === undefined || allowed.includes(key)) continue;
    read.problem(fields[key], `is nothing that a source of kind ${kind} has: remove it.`);
  }
  if (name === CERTIFICATE_SOURCE && kind !== 'intune') {
    read.problem(fields.name, `is the name that certificates give Intune: only a source of kind intune may have it.`);
  }
  const common = { ...readCommon(read, fields, kind, defaults, sites), name: name ?? '' };
  if (kind === 'cisco-mdm') {
    const connection = readCiscoMdmConnection(read, fields, defaults.mdmAddress);
    const listsAll = read.flag(fields.listsAll) ?? false;
    return connection && { ...common, kind, connection, listsAll };
  }
  const connection = readMicrosoftConnection(read, fields, defaults.home);
  if (kind === 'entra') {
    const users = read.flag(fields.users) ?? false;
    const groups = readGroups(read, fields.groups);
    return connection && { ...common, kind, connection, users, groups };
  }
  const permissions = read.oneOf(fields.permissions, PERMISSIONS) ?? defaults.permissions;
  const deviceDelta = read.flag(fields.deviceDelta) ?? defaults.deviceDelta;
  return connection && { ...common, kind, connection, permissions, deviceDelta };
}

function readName(read: YamlReader, { name: field }: Fields): string | undefined {
  if (field.node === undefined) read.missing(field, 'a name, which stands in the keys of its devices');
  const value = read.value(field);
  if (value === undefined) return undefined;
  if (typeof value === 'string' && isSourceName(value)) return value;
  read.problem(field, 'must be up to 31 lower-case letters, digits and hyphens, and begin with a letter.');
  return undefined;
}

function readCommon(
  read: YamlReader,
  fields: Fields,
  kind: SourceKind,
  defaults: SourceDefaults,
  known: ReadonlySet<string> | undefined,
): Omit<CommonDefinition, 'name'> {
  const { percent, devices } = read.mapping(fields.massChange, ['percent', 'devices']);
  const share = read.integer(percent, { from: 1, to: 100 });
  const least = read.integer(devices, { from: 1, to: MOST_HELD });
  const precedence = read.integer(fields.precedence, { from: 0, to: HIGHEST_PRECEDENCE });
  const sites = readSites(read, fields.sites, known);
  return {
    pollingIntervalMs:
      readInterval(read, fields.pollingInterval, kind) ??
      (kind === 'intune' ? defaults.pollingIntervalMs : USUAL_INTERVAL_MS),
    massChange: {
      share: share === undefined ? defaults.massChange.share : share / 100,
      least: least ?? defaults.massChange.least,
    },
    ...(precedence !== undefined && { precedence }),
    ...(sites !== undefined && { sites }),
  };
}

function readInterval(read: YamlReader, field: YamlField, kind: SourceKind): number | undefined {
  const text = read.textOrNumber(field);
  if (text === undefined) return undefined;
  const from = kind === 'cisco-mdm' ? '10s' : '1s';
  const milliseconds = parseDuration(text, 'm') ?? 0;
  if (milliseconds >= (parseDuration(from) ?? 0) && milliseconds <= (parseDuration('1d') ?? 0)) return milliseconds;
  read.problem(field, `must be a time from ${from} to 1d, e.g. 90s, 15m or 2h (a plain number counts minutes).`);
  return undefined;
}

function readSites(
  read: YamlReader,
  field: YamlField,
  known: ReadonlySet<string> | undefined,
): readonly string[] | undefined {
  if (field.node === undefined) return undefined;
  return distinct(read, field, MOST_SITES_OF_SOURCE, (item) => {
    const site = read.textOrNumber(item);
    if (site === undefined) return undefined;
    if (!isClientOrSiteName(site)) {
      read.problem(item, 'is no site: up to 40 lower-case letters, digits and hyphens, as clients have it.');
    } else if (known !== undefined && !known.has(site)) {
      read.problem(item, 'is a site without any client: make its client first, or correct the name.');
    } else return site;
    return undefined;
  });
}

function readGroups(read: YamlReader, field: YamlField): readonly string[] {
  if (field.node === undefined) return [];
  return distinct(read, field, MOST_GROUPS, (item) => guid(read, item)) ?? [];
}

/** A list of one to `longest` values, each once. */
function distinct<Value extends string>(
  read: YamlReader,
  field: YamlField,
  longest: number,
  readItem: (item: YamlField) => Value | undefined,
): readonly Value[] | undefined {
  const found = new Set<Value>();
  for (const item of read.list(field, { orSingle: true, longest }) ?? []) {
    if (item.node === undefined) read.problem(item, 'is empty: enter a value or remove the line.');
    const value = readItem(item);
    if (value === undefined) continue;
    if (found.has(value)) read.problem(item, 'stands there twice: remove one.');
    found.add(value);
  }
  return [...found];
}
