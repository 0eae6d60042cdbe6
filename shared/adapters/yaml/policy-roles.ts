// Reads the roles of policy.yaml: what each means on the wire.

import { isRoleOrVlan, type Role } from '../../domain/policy/policy.ts';
import {
  isReplyAttribute,
  LARGEST_ATTRIBUTES,
  MOST_VALUES,
  octetsOf,
  REPLY_ATTRIBUTES,
  type ReplyAttributes,
  textProblem,
  valueProblem,
} from '../../domain/policy/reply-attributes.ts';
import { parseDuration } from '../../duration.ts';
import type { YamlField, YamlReader } from './yaml-reader.ts';

/** `null` stands for a role that has problems, so that it is not reported as unknown, too. */
export type Roles = ReadonlyMap<string, Role | null>;

export const MOST_ROLES = 200;
export const SHORTEST_SESSION_S = 60;
export const LONGEST_SESSION_S = 7 * 24 * 3600;
const DEFAULT_SESSION = '8h';

export function readRoles(read: YamlReader, field: YamlField): Roles {
  const entries = read.entries(field, 'the name of each role, with `vlan` under it');
  if (entries.length === 0) read.problem(field, 'is missing: define at least one role.');
  if (entries.length > MOST_ROLES) read.problem(field, `has more than ${MOST_ROLES} roles.`);
  return new Map(
    entries.slice(0, MOST_ROLES).map(({ key, at, value }) => {
      if (!isRoleOrVlan(key))
        read.problem(at, 'is no role name: up to 64 letters, digits, dots, hyphens, underscores.');
      return [key, readRole(read, key, value) ?? null];
    }),
  );
}

function readRole(read: YamlReader, name: string, field: YamlField): Role | undefined {
  const fields = read.mapping(field, ['vlan', 'sessionTimeout', 'acl', 'redirectUrl', 'attributes']);
  if (fields.vlan.node === undefined) read.missing(fields.vlan, 'the VLAN name or id');
  const vlan = read.textOrNumber(fields.vlan);
  if (vlan !== undefined && !isRoleOrVlan(vlan)) {
    read.problem(fields.vlan, 'may hold up to 64 letters, digits, dots, hyphens and underscores.');
  }
  const sessionTimeoutSeconds = sessionTimeout(read, fields.sessionTimeout);
  const acl = plainText(read, fields.acl);
  const redirectUrl = url(read, fields.redirectUrl);
  const attributes = readAttributes(read, fields.attributes);
  if (vlan === undefined || sessionTimeoutSeconds === undefined) return undefined;
  return {
    name,
    vlan,
    sessionTimeoutSeconds,
    ...(acl !== undefined && { acl }),
    ...(redirectUrl !== undefined && { redirectUrl }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  };
}

function sessionTimeout(read: YamlReader, field: YamlField): number | undefined {
  const text = field.node === undefined ? DEFAULT_SESSION : read.textOrNumber(field);
  if (text === undefined) return undefined;
  const seconds = Math.round((parseDuration(text) ?? 0) / 1000);
  if (seconds >= SHORTEST_SESSION_S && seconds <= LONGEST_SESSION_S) return seconds;
  read.problem(field, 'must be a time from 1m to 7d, e.g. 30m or 8h (a plain number counts seconds).');
  return undefined;
}

function readAttributes(read: YamlReader, field: YamlField): ReplyAttributes {
  const found = read.entries(field, 'the name of each attribute, and its value or values').flatMap((entry) => {
    const { key, at, value } = entry;
    if (!isReplyAttribute(key)) {
      const known = Object.keys(REPLY_ATTRIBUTES).join(', ');
      read.problem(at, `is not among the attributes that may be sent: ${known}.`);
      return [];
    }
    const items = read.list({ ...value, path: at.path }, { orSingle: true, longest: MOST_VALUES }) ?? [];
    const values = items.flatMap((item) => {
      const content = read.value(item);
      const problem = valueProblem(key, content);
      if (problem === undefined) return [content as string | number];
      read.problem(item, problem);
      return [];
    });
    return [[key, values] as const];
  });
  const attributes: ReplyAttributes = Object.fromEntries(found);
  const octets = octetsOf(attributes);
  if (octets > LARGEST_ATTRIBUTES) {
    read.problem(
      field,
      `take ${octets} octets in a RADIUS packet; ${LARGEST_ATTRIBUTES} leave room for the rest of it.`,
    );
  }
  return attributes;
}

function plainText(read: YamlReader, field: YamlField): string | undefined {
  const text = read.text(field);
  const problem = text === undefined ? undefined : textProblem(text);
  if (problem !== undefined) read.problem(field, problem);
  return text;
}

function url(read: YamlReader, field: YamlField): string | undefined {
  const text = plainText(read, field);
  if (text === undefined) return undefined;
  if (!URL.canParse(text) || !/^https?:\/\//.test(text)) read.problem(field, 'must be an http:// or https:// URL.');
  return text;
}
