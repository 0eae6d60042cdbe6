// Reads the path and the parameters of a request of Cisco's MDM API. ISE writes a slash before the question mark;
// others write none, two, or the names in another letter case: all of that is the same. Version 1 puts the parameters
// into the path.

import {
  ACTION_PARAMETER,
  ACTION_TYPES,
  ATTRIBUTES,
  type AttributeElement,
  CRITERIA,
  CRITERION_SINCE,
  type Criterion,
  DEVICE_IDENTIFIERS,
  type DeviceIdentifier,
  DIALECT_VERSIONS,
  type DialectVersion,
  EVERY_ATTRIBUTE,
  LONGEST_GUID,
  QUERY_PARAMETERS,
  RESOURCES,
  VERSION_PARAMETER,
} from '../domain/mdm-dialect.ts';
import { RequestError } from '../errors.ts';
import type { DeviceCriterion, Filter, MdmQuestion, MdmRequest } from './mdm-question.ts';

const ROOT = 'ciscoise';
const INFORMATION = 'mdminfo';
/** Segment before the version in our own `api_path`. */
const API = 'mdmapi';
const NEWEST: DialectVersion = 3;
/** A cursor is an integer of 31 bits: ISE may keep it in 32 with a sign. */
export const LARGEST_CURSOR = 2 ** 31 - 1;
/** Cisco writes the first where it means the second; both occur in its own examples. */
const SPELLINGS: Readonly<Record<string, string>> = { devicess: RESOURCES.devices };
/** Cisco's own example of a filter writes it so. */
const FORMER_NAMES: Readonly<Record<string, AttributeElement>> = { compliance_status: ATTRIBUTES.compliance };

/** What a request means; `api_path` of an answer to mdminfo leads to {@link pathOf}. */
export function pathOf(prefix: string, version: DialectVersion): string {
  return `${prefix}/${ROOT}/${API}/v${version}`;
}

/** @throws RequestError 404 NAC_MDM_PATH, 400 NAC_REQUEST_FIELD, 400 NAC_MDM_QUESTION */
export function readMdmRequest({ method, path, query }: MdmRequest): MdmQuestion {
  const segments = path.split('/').filter((segment) => segment !== '');
  const at = segments.findIndex((segment) => segment.toLowerCase() === ROOT);
  if (at < 0 || at > 1) throw unknownPath();
  const [first = '', ...rest] = segments.slice(at + 1).map(decoded);
  const parameters = readParameters(query);
  if (first.toLowerCase() === INFORMATION && rest.length === 0) {
    requireMethod(method, 'GET');
    const prefix = segments.slice(0, at).map((segment) => `/${segment}`);
    return { kind: 'information', version: agreedVersion(parameters), prefix: prefix.join('') };
  }
  if (first.toLowerCase() !== API) return readResource(method, undefined, [first, ...rest], parameters);
  const version = DIALECT_VERSIONS.find((known) => `v${known}` === rest[0]?.toLowerCase());
  if (version === undefined) throw unknownPath();
  return readResource(method, version, rest.slice(1), parameters);
}

function readResource(
  method: string,
  version: DialectVersion | undefined,
  [name = '', ...rest]: readonly string[],
  parameters: Parameters,
): MdmQuestion {
  const lower = name.toLowerCase();
  switch (SPELLINGS[lower] ?? lower) {
    case RESOURCES.devices:
      requireMethod(method, 'GET');
      return rest.length === 0 ? readDevices(version, parameters) : readDevices(version ?? 1, parametersOfPath(rest));
    case RESOURCES.batchDevices: {
      requireMethod(method, 'POST');
      requireNoMore(rest);
      const criterion = deviceCriterion(criterionOf(parameters));
      const value = parameters.get(QUERY_PARAMETERS.value) ?? '';
      requireValue(value, { mayBeEmpty: true });
      return { kind: 'batch', version: version ?? 2, criterion, value, filter: readFilter(parameters) };
    }
    case RESOURCES.action:
      requireMethod(method, 'POST');
      return { kind: 'action', version: version ?? NEWEST, action: actionOf(rest, parameters) };
    case RESOURCES.message:
      requireMethod(method, 'PUT', 'POST');
      requireNoMore(rest);
      return { kind: 'message', version: version ?? NEWEST };
    default:
      throw unknownPath();
  }
}

function readDevices(version: DialectVersion | undefined, parameters: Parameters): MdmQuestion {
  const criterion = criterionOf(parameters);
  const filter = readFilter(parameters);
  const value = parameters.get(QUERY_PARAMETERS.value) ?? '';
  if (criterion !== 'compliance') {
    requireValue(value);
    const known = deviceCriterion(criterion);
    return { kind: 'device', version: version ?? newerOf(2, CRITERION_SINCE[known]), criterion: known, value, filter };
  }
  if (value.trim().toLowerCase() !== 'false') {
    throw notServed(`The list of devices whose compliance is "${shortened(value)}" is not served.`, 'value');
  }
  const asked = parameters.get(QUERY_PARAMETERS.deviceIdentifier);
  const identifier = asked === undefined ? undefined : identifierOf(asked);
  const spoken = version ?? (identifier === undefined ? 2 : NEWEST);
  return {
    kind: 'noncompliant',
    version: spoken,
    identifier: identifier ?? (spoken === NEWEST ? 'guid' : 'macaddress'),
    from: cursorOf(parameters),
    filter,
  };
}

/** Version 1: `devices/{paging}/{category}/{value}/{filter}`, or `devices/{paging}/{filter}`. */
function parametersOfPath(segments: readonly string[]): Parameters {
  const { paging, criterion, value, filter } = QUERY_PARAMETERS;
  const names = segments.length === 2 ? [paging, filter] : [paging, criterion, value, filter];
  if (segments.length > names.length) throw unknownPath();
  return new Map(segments.map((segment, index) => [names[index] ?? '', segment]));
}

type Parameters = ReadonlyMap<string, string>;

/** By their names in lower case. One that comes twice and differs is refused: which counts would be a guess. */
function readParameters(query: MdmRequest['query']): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of query) {
    const lower = name.toLowerCase();
    const known = parameters.get(lower);
    if (known !== undefined && known !== value) throw wrongField(shortened(lower), 'is said twice, differently');
    parameters.set(lower, value);
  }
  return parameters;
}

/** The newest version that both speak; who names none speaks the first. */
function agreedVersion(parameters: Parameters): DialectVersion {
  const asked = parameters.get(VERSION_PARAMETER)?.trim();
  if (asked === undefined || asked === '') return 1;
  const number = /^\d{1,4}$/.test(asked) ? Number(asked) : 0;
  if (number < 1) throw wrongField(VERSION_PARAMETER, 'must be the number of a version, from 1 on');
  return Math.min(number, NEWEST) as DialectVersion;
}

function criterionOf(parameters: Parameters): Criterion {
  const text = (parameters.get(QUERY_PARAMETERS.criterion) ?? '').trim().toLowerCase();
  const criterion = CRITERIA.find((known) => known === text);
  if (criterion !== undefined) return criterion;
  if (text === '') throw notServed('The list of all devices is not served.', QUERY_PARAMETERS.criterion);
  throw wrongField(QUERY_PARAMETERS.criterion, `must be one of ${CRITERIA.join(', ')}`);
}

function deviceCriterion(criterion: Criterion): DeviceCriterion {
  if (criterion !== 'username' && criterion !== 'compliance') return criterion;
  throw notServed(`Devices by ${criterion} are not served here.`, QUERY_PARAMETERS.criterion);
}

function identifierOf(text: string): DeviceIdentifier {
  const identifier = DEVICE_IDENTIFIERS.find((known) => known === text.trim().toLowerCase());
  if (identifier !== undefined) return identifier;
  throw wrongField(QUERY_PARAMETERS.deviceIdentifier, `must be one of ${DEVICE_IDENTIFIERS.join(', ')}`);
}

function cursorOf(parameters: Parameters): number {
  const text = (parameters.get(QUERY_PARAMETERS.paging) ?? '0').trim();
  const cursor = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (cursor <= LARGEST_CURSOR) return cursor;
  throw wrongField(QUERY_PARAMETERS.paging, 'must be 0, or the paging_info of the page before');
}

const ELEMENTS = new Map<string, AttributeElement>(
  Object.values(ATTRIBUTES).map((element) => [element.toLowerCase(), element]),
);

/** Names that this version does not have, or that nothing is known of, ask for nothing. */
function readFilter(parameters: Parameters): Filter {
  const names = (parameters.get(QUERY_PARAMETERS.filter) ?? EVERY_ATTRIBUTE)
    .toLowerCase()
    .split(/[+,\s]+/)
    .filter((name) => name !== '');
  if (names.length === 0 || names.includes(EVERY_ATTRIBUTE)) return undefined;
  return new Set(names.flatMap((name) => ELEMENTS.get(name) ?? FORMER_NAMES[name] ?? []));
}

/** A segment of the path, `actionType=pin_lock`, although Cisco's tables call it a parameter. */
function actionOf(rest: readonly string[], parameters: Parameters): (typeof ACTION_TYPES)[number] {
  const [segment = '', ...more] = rest;
  requireNoMore(more);
  const [, inPath] = /^actiontype=(.*)$/i.exec(segment) ?? [];
  if (segment !== '' && inPath === undefined) throw unknownPath();
  const text = (inPath ?? parameters.get(ACTION_PARAMETER.toLowerCase()) ?? '').trim().toLowerCase();
  const action = ACTION_TYPES.find((known) => known === text);
  if (action !== undefined) return action;
  throw wrongField(ACTION_PARAMETER, `must be one of ${ACTION_TYPES.join(', ')}`);
}

function requireValue(value: string, { mayBeEmpty = false } = {}): void {
  if (!mayBeEmpty && value.trim() === '') throw wrongField(QUERY_PARAMETERS.value, 'is missing');
  if (Buffer.byteLength(value) <= LONGEST_GUID) return;
  throw wrongField(QUERY_PARAMETERS.value, `must have at most ${LONGEST_GUID} bytes`);
}

function requireMethod(method: string, ...allowed: readonly string[]): void {
  if (!allowed.includes(method.toUpperCase())) throw unknownPath();
}

function requireNoMore(rest: readonly string[]): void {
  if (rest.length > 0) throw unknownPath();
}

function newerOf(one: DialectVersion, other: DialectVersion): DialectVersion {
  return one > other ? one : other;
}

/** A segment that is no UTF-8 stays as it was sent: it is no name of ours. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function shortened(text: string): string {
  return JSON.stringify(text.slice(0, 40)).slice(1, -1);
}

function unknownPath(): RequestError {
  return new RequestError(404, 'NAC_MDM_PATH', 'Cisco’s MDM API has nothing at this path for this method.', {
    action: 'Begin with GET /ciscoise/mdminfo; its api_path says where the rest is.',
    field: 'path',
  });
}

function wrongField(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The parameter ${field} ${problem}.`, {
    action: 'Correct the request; docs/cisco-ise.md says what is served.',
    field,
  });
}

function notServed(message: string, field: string): RequestError {
  return new RequestError(400, 'NAC_MDM_QUESTION', message, {
    action: 'Ask for the devices that are not compliant, or for one device; docs/cisco-ise.md says by what.',
    field,
  });
}
