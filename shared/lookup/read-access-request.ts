// Reads the body of a lookup: JSON of RADIUS attributes, every value hostile. FreeRADIUS sends empty text for absent.

import type { AccessRequest, AuthenticationMethod, CertificateNames } from '../domain/access-request.ts';
import { RequestError } from '../errors.ts';

/** Characters a body may have; the longest legitimate one, with a large certificate, stays under 16,000. */
const LARGEST_BODY = 65_536;
const LONGEST_FIELD = 8_192;
const MOST_NAMES = 100;

const METHODS: readonly AuthenticationMethod[] = ['mab', 'eap-tls', 'site', 'none'];

const REQUEST_FIELDS = [
  'userName',
  'callingStationId',
  'calledStationId',
  'nasIpAddress',
  'nasIpv6Address',
  'nasIdentifier',
  'nasPortId',
  'nasPortType',
  'serviceType',
  'packetSourceIp',
  'acctSessionId',
  'eapType',
] as const satisfies readonly (keyof AccessRequest)[];

const CERTIFICATE_TEXTS = ['subjectAltName', 'commonName', 'subject', 'issuer', 'serial', 'notAfter'] as const;
const CERTIFICATE_LISTS = ['sanUri', 'sanDns', 'sanEmail', 'sanUpn'] as const;

/** @throws RequestError naming the field at fault */
export function readAccessRequest(body: string): AccessRequest {
  if (body.length > LARGEST_BODY) {
    throw new RequestError(413, 'NAC_REQUEST_TOO_LARGE', `The body has more than ${LARGEST_BODY} characters.`, {
      action: 'Send only the attributes that a lookup uses.',
    });
  }
  const fields = objectIn(parseJson(body), 'body');
  const request = texts(fields, REQUEST_FIELDS, '');
  const certificate = readCertificate(fields['certificate']);
  return {
    ...request,
    ...(certificate && { certificate }),
    method: readMethod(fields['method']) ?? impliedMethod(request, certificate),
  };
}

/** What the attributes say where the asker does not: RFC 2865 5.6 Call Check is the sign of MAB. */
function impliedMethod(
  request: Partial<AccessRequest>,
  certificate: CertificateNames | undefined,
): AuthenticationMethod {
  if (certificate || /^((eap-)?tls|13)$/i.test(request.eapType ?? '')) return 'eap-tls';
  if (request.eapType) return 'none';
  return /^(call-check|10)$/i.test(request.serviceType ?? '') ? 'mab' : 'none';
}

function readMethod(value: unknown): AuthenticationMethod | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const method = METHODS.find((known) => known === value);
  if (method === undefined) throw fieldError('method', `must be one of ${METHODS.join(', ')}`);
  return method;
}

function readCertificate(value: unknown): CertificateNames | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = objectIn(value, 'certificate');
  const certificate = {
    ...texts(fields, CERTIFICATE_TEXTS, 'certificate.'),
    ...Object.fromEntries(
      CERTIFICATE_LISTS.flatMap((name) => {
        const names = nameList(fields[name], `certificate.${name}`);
        return names.length > 0 ? [[name, names]] : [];
      }),
    ),
  };
  return Object.keys(certificate).length > 0 ? certificate : undefined;
}

/** One text stands for a list of one, since an unlang expansion can only give text. */
function nameList(value: unknown, field: string): string[] {
  if (Array.isArray(value)) {
    if (value.length > MOST_NAMES) throw fieldError(field, `holds more than ${MOST_NAMES} names`);
    return value.flatMap((name) => text(name, field) ?? []);
  }
  const single = text(value, field);
  return single === undefined ? [] : [single];
}

function texts<K extends string>(
  fields: Record<string, unknown>,
  names: readonly K[],
  prefix: string,
): { [key in K]?: string } {
  const found = names.flatMap((name) => {
    const value = text(fields[name], `${prefix}${name}`);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(found) as { [key in K]?: string };
}

function text(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw fieldError(field, 'must be text');
  if (value.length > LONGEST_FIELD) throw fieldError(field, `has more than ${LONGEST_FIELD} characters`);
  return repairUtf8(value).toWellFormed();
}

/**
 * rlm_rest's jsonquote writes one character per byte of UTF-8 (`Zürich` arrives as `ZÃ¼rich`). Text that is valid
 * UTF-8 when its characters are taken for bytes is turned back; anything else is what it seems to be.
 */
function repairUtf8(value: string): string {
  const highest = Math.max(...Array.from(value, (character) => character.codePointAt(0) ?? 0));
  if (highest < 0x80 || highest > 0xff) return value;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new RequestError(400, 'NAC_REQUEST_NOT_JSON', 'The body is not JSON.', {
      action: 'Send a JSON object of RADIUS attributes; in FreeRADIUS quote every value with %{jsonquote:…}.',
      field: 'body',
      cause,
    });
  }
}

function objectIn(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fieldError(field, 'must be an object');
  return value as Record<string, unknown>;
}

function fieldError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The field ${field} ${problem}.`, {
    action: 'Correct the field; docs/lookup.md lists all of them with an example.',
    field,
  });
}
