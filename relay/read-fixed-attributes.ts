// Reads `alsoIdentifyBy`, `send` and `omit` of a NAS in relay.yaml: what it needs in each request, and what it must not
// get.

import type { YamlField, YamlReader } from '../shared/adapters/yaml/yaml-reader.ts';
import { EXTRA_IDENTIFICATION, type ExtraIdentification, type NasProfile } from './profiles/nas-profile.ts';
import { encodeFixed, FIXED_ATTRIBUTES, type FixedAttribute } from './radius/fixed-attribute.ts';

const KEYS = ['name', 'value', 'vendor', 'type', 'text', 'integer', 'octets'] as const;

/**
 * No session has these: their value is always the same. Ruckus ZoneDirector finds no session without Service-Type, and
 * answers ACK to the value that WLCs of Cisco get.
 */
const OF_FIXED_VALUE: Readonly<Record<string, string>> = { 'Service-Type': 'Login-User' };

/** What a NAS finds the session by beside its profile's: from the session, or of a value that is always the same. */
export function readAlsoIdentifyBy(
  read: YamlReader,
  field: YamlField,
): { readonly alsoIdentifyBy: ExtraIdentification[]; readonly fixed: FixedAttribute[] } {
  const alsoIdentifyBy: ExtraIdentification[] = [];
  const fixed: FixedAttribute[] = [];
  for (const item of read.list(field)) {
    const text = read.text(item);
    if (text === undefined) continue;
    const name = EXTRA_IDENTIFICATION.find((known) => known === text);
    const value = Object.hasOwn(OF_FIXED_VALUE, text) ? OF_FIXED_VALUE[text] : undefined;
    if (name !== undefined) alsoIdentifyBy.push(name);
    else if (value === undefined) {
      const known = [...EXTRA_IDENTIFICATION, ...Object.keys(OF_FIXED_VALUE)].join(', ');
      read.problem(item, `must be one of ${known}; an attribute with a value of its own goes under send.`);
    } else if (!fixed.some(({ label }) => label === text)) fixed.push(...fixedAttribute(text, value));
  }
  return { alsoIdentifyBy, fixed };
}

export function readSend(read: YamlReader, field: YamlField): FixedAttribute[] {
  return read.list(field).flatMap((item) => {
    const problems = read.problems.length;
    const attribute = readAttribute(read, item);
    if (attribute === undefined || read.problems.length > problems) return [];
    const encoded = encodeFixed(attribute);
    if (typeof encoded !== 'string') return [attribute];
    read.problem(item, `has a value that ${encoded}.`);
    return [];
  });
}

/** Names of what the profile sends by itself and this NAS must not get. */
export function readOmit(
  read: YamlReader,
  field: YamlField,
  profile: NasProfile | undefined,
  { identifying, alsoSent }: { readonly identifying: readonly string[]; readonly alsoSent: readonly string[] },
): string[] {
  const omit = read.list(field).flatMap((item) => {
    if (profile === undefined) return read.text(item) ?? [];
    const name = read.oneOf(item, profile.identifiesBy);
    if (name !== undefined && alsoSent.includes(name)) {
      read.problem(item, `is to be sent by alsoIdentifyBy or send of this NAS: keep one of the two.`);
    }
    return name ?? [];
  });
  const left = profile?.identifiesBy.filter((name) => !omit.includes(name));
  if (left?.length === 0 && identifying.length === 0) {
    read.problem(field, 'leaves nothing by which the NAS could find a session: name something under alsoIdentifyBy.');
  }
  return omit;
}

function readAttribute(read: YamlReader, item: YamlField): FixedAttribute | undefined {
  const fields = read.mapping(item, KEYS);
  if (fields.vendor.node !== undefined || fields.type.node !== undefined) return readOfVendor(read, item, fields);
  const name = read.requiredText(fields.name, 'the name of an attribute, or vendor, type and a value');
  if (name === undefined) return undefined;
  const definition = Object.hasOwn(FIXED_ATTRIBUTES, name) ? FIXED_ATTRIBUTES[name] : undefined;
  if (definition === undefined) {
    const known = Object.keys(FIXED_ATTRIBUTES).join(', ');
    read.problem(
      fields.name,
      `must be one of ${known}; anything else is given by vendor, type and text, integer or octets.`,
    );
    return undefined;
  }
  const text = read.textOrNumber(fields.value);
  if (text === undefined) {
    if (fields.value.node === undefined) read.missing(fields.value, 'the value that the NAS is to get');
    return undefined;
  }
  const [attribute] = fixedAttribute(name, text);
  if (attribute === undefined) {
    const named = Object.keys(definition.names ?? {});
    read.problem(fields.value, `must be a number${named.length > 0 ? `, or one of ${named.join(', ')}` : ''}.`);
  }
  return attribute;
}

/** @returns none where the value is no number that the attribute could have */
function fixedAttribute(name: string, text: string): FixedAttribute[] {
  const definition = FIXED_ATTRIBUTES[name];
  if (definition === undefined) return [];
  const { type, kind, vendor, names = {} } = definition;
  const number = Object.hasOwn(names, text) ? names[text] : /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  const value = kind === 'integer' ? number : text;
  return value === undefined ? [] : [{ label: name, type, kind, value, ...(vendor !== undefined && { vendor }) }];
}

function readOfVendor(
  read: YamlReader,
  item: YamlField,
  fields: Record<(typeof KEYS)[number], YamlField>,
): FixedAttribute | undefined {
  for (const key of ['name', 'value'] as const) {
    if (fields[key].node !== undefined)
      read.problem(fields[key], 'does not go with vendor and type: keep one of the two.');
  }
  if (fields.vendor.node === undefined) read.missing(fields.vendor, 'the private enterprise number of the vendor');
  if (fields.type.node === undefined) read.missing(fields.type, 'the number of the attribute');
  const vendor = read.integer(fields.vendor, { from: 1, to: 0xff_ffff });
  const type = read.integer(fields.type, { from: 1, to: 255 });
  const given = (['text', 'integer', 'octets'] as const).filter((kind) => fields[kind].node !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    read.problem(item, 'needs its value in one of text, integer or octets (hexadecimal digits).');
    return undefined;
  }
  const value = readValue(read, fields[kind], kind);
  if (vendor === undefined || type === undefined || value === undefined) return undefined;
  return { label: `vendor ${vendor} type ${type}`, type, vendor, kind, value };
}

function readValue(
  read: YamlReader,
  field: YamlField,
  kind: 'text' | 'integer' | 'octets',
): string | number | Uint8Array | undefined {
  if (kind === 'integer') return read.integer(field, { from: 0, to: 0xffff_ffff });
  const text = read.textOrNumber(field);
  if (text === undefined || kind === 'text') return text;
  if (/^([0-9a-fA-F]{2})+$/.test(text)) return Buffer.from(text, 'hex');
  read.problem(field, 'must be pairs of hexadecimal digits.');
  return undefined;
}
