// Reads mdminfo: which version of Cisco's MDM dialect a server speaks, and where its devices are asked for.

import {
  ANSWER_NAMES,
  DEFAULT_QUERY_MAX_SIZE,
  DIALECT_VERSIONS,
  type DialectVersion,
  INFORMATION_ELEMENTS,
} from '../../domain/mdm-dialect.ts';
import { SourceError } from '../../errors.ts';
import { type Fields, readDialect } from './read-dialect.ts';
import { readField, readNumber } from './read-field.ts';

export interface MdmInformation {
  /** The one both sides speak. */
  readonly version: DialectVersion;
  /** Root of the device calls, on the host that was asked; without a slash at its end. */
  readonly devicesRoot: string;
  /** Devices of one page at most, as the server says. */
  readonly queryMaxSize: number;
  readonly vendor?: string;
  readonly product?: string;
  readonly productVersion?: string;
}

const NEWEST = Math.max(...DIALECT_VERSIONS);
const LONGEST_PATH = 256;
/** Letters, digits and what RFC 3986 3.3 lets stand in a path unescaped; no step up and no other host. */
const PATH = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)+\/?$/;

/**
 * @param origin of the server that was asked
 * @param service in words, for errors
 * @throws SourceError NAC_SOURCE_PAGE when it is no such answer, NAC_SOURCE_DIALECT when it leads nowhere
 */
export function readInformation(xml: string, origin: string, service: string): MdmInformation {
  const fields = readDialect(xml, { service, answerName: ANSWER_NAMES.information });
  const version = versionOf(fields, service);
  const devicesRoot = rootOf(fields, origin, service);
  const { value: size } = readField(fields, INFORMATION_ELEMENTS.queryMaxSize, readNumber);
  const text = (name: string): string | undefined => textOf(fields, name);
  const [vendor, product, productVersion] = [
    text(INFORMATION_ELEMENTS.vendor),
    text(INFORMATION_ELEMENTS.productName),
    text(INFORMATION_ELEMENTS.productVersion),
  ];
  return {
    version,
    devicesRoot,
    // A page of none would never end.
    queryMaxSize: size || DEFAULT_QUERY_MAX_SIZE,
    ...(vendor !== undefined && { vendor }),
    ...(product !== undefined && { product }),
    ...(productVersion !== undefined && { productVersion }),
  };
}

/** The answer should not name a newer version than ours; where it does, the server speaks ours as well. */
function versionOf(fields: Fields, service: string): DialectVersion {
  const { value, problem = 'is missing' } = readField(fields, INFORMATION_ELEMENTS.version, readNumber);
  const version = DIALECT_VERSIONS.find((known) => known === Math.min(value ?? 0, NEWEST));
  if (version !== undefined) return version;
  const said = value === undefined ? problem : `is ${value}`;
  throw unusable(service, INFORMATION_ELEMENTS.version, said);
}

function rootOf(fields: Fields, origin: string, service: string): string {
  const { value, problem = 'is missing' } = readField(fields, INFORMATION_ELEMENTS.path, (text) => text);
  if (value === undefined) throw unusable(service, INFORMATION_ELEMENTS.path, problem);
  // Some write the whole address; it must be the host that was asked.
  const path = value.startsWith(`${origin}/`) ? value.slice(origin.length) : value;
  const steps = path.split('/');
  const isPath = path.length <= LONGEST_PATH && PATH.test(path) && !steps.includes('..') && !steps.includes('.');
  if (!isPath) throw unusable(service, INFORMATION_ELEMENTS.path, 'is no path on its host');
  return `${origin}${path.replace(/\/$/, '')}`;
}

/** For people; without control characters. */
function textOf(fields: Fields, name: string): string | undefined {
  const { value } = readField(fields, name, (text) => text.replace(/\p{C}/gu, ' ').trim().slice(0, 80));
  return value || undefined;
}

function unusable(service: string, field: string, problem: string): SourceError {
  return new SourceError('NAC_SOURCE_DIALECT', `${service}’s mdminfo cannot be used: ${field} ${problem}.`, {
    action:
      'Check that the address is the one that the MDM shows for Cisco ISE, and that the interface is switched on.',
    field,
  });
}
