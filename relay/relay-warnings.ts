// What works and is not safe: short or shared secrets, files that others may read, signatures that are switched off.

import { statSync } from 'node:fs';
import path from 'node:path';
import type { RelaySecrets } from './read-relay-secrets.ts';
import type { NasEntry, RelayConfig, SecretSource } from './relay-config.ts';
import type { ConfigProblem } from './relay-error.ts';

export interface RelayWarningOptions {
  /** Relative paths of secrets start there. */
  readonly folder: string;
  /** Permission bits of a file; `undefined` where they say nothing, or the file cannot be looked at. */
  readonly fileMode?: (file: string) => number | undefined;
}

/** More would not be read by a person. */
const MOST_WARNINGS = 50;
/** RFC 2865 section 3: "It is preferred that the secret be at least 16 octets." */
const SHORTEST_SECRET = 16;
/** relay.yaml holds no secret, and a group may read it. */
const READABLE_BY_ALL = 0o004;
const READABLE_BY_GROUP = 0o040;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * In the order of relay.yaml, each with its place there and what to do; never with a secret.
 * @returns at most 50
 */
export function relayWarnings(
  config: RelayConfig,
  secrets: Pick<RelaySecrets, 'nas'>,
  options: RelayWarningOptions,
): ConfigProblem[] {
  const found = [
    ...fileWarnings(config, options),
    ...config.nas.flatMap((entry) => nasWarnings(entry, secrets.nas.get(entry.name) ?? '')),
    ...sharedSecrets(config.nas, secrets.nas),
  ].toSorted((one, other) => one.line - other.line || one.column - other.column);
  const left = found.length - MOST_WARNINGS;
  const [next] = found.slice(MOST_WARNINGS);
  if (next === undefined) return found;
  return [
    ...found.slice(0, MOST_WARNINGS),
    { ...next, path: '', problem: `${left} more from here on: mend these first.` },
  ];
}

/** As the operator sees it: `relay.yaml:12:5 nas[0].secretFile: …`. */
export function warningLine(file: string, { path: at, line, column, problem }: ConfigProblem): string {
  return `${file}:${line}:${column} ${at === '' ? '' : `${at}: `}${problem}`;
}

function nasWarnings({ secret, match, address, ...entry }: NasEntry, text: string): ConfigProblem[] {
  const octets = Buffer.byteLength(text);
  const entryItself = { ...secret, path: secret.path.replace(/\.[^.]*$/, '') };
  const wide = match.subnet.filter(({ octets: { length }, prefixLength }) => prefixLength < length * 8);
  return [
    octets < SHORTEST_SECRET
      ? at(secret, `The secret has ${octets} octets: take 16 or more, at random (RFC 2865 section 3).`)
      : [],
    address === undefined && wide.length > 0
      ? at(
          secret,
          `One secret serves every NAS of ${wide.map((subnet) => subnet.text).join(', ')}, so what one of them leaks opens all: give each an entry and a secret of its own where you can.`,
        )
      : [],
    entry.messageAuthenticator
      ? []
      : at(entryItself, 'messageAuthenticator is off: switch it on unless this NAS refuses requests that have it.'),
    entry.legacyZeroMessageAuthenticator
      ? at(
          entryItself,
          'legacyZeroMessageAuthenticator accepts a signature over zeros: update the NAS, then remove it.',
        )
      : [],
  ].flat();
}

function sharedSecrets(entries: readonly NasEntry[], secrets: RelaySecrets['nas']): ConfigProblem[] {
  const bySecret = Map.groupBy(entries, ({ name }) => secrets.get(name) ?? '');
  return [...bySecret.values()].flatMap(([first, second, ...more]) => {
    if (first === undefined || second === undefined) return [];
    const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
    const problem = `${second.name} has the same secret as ${first.name}${others}: give each NAS a secret of its own.`;
    return at(second.secret, problem);
  });
}

function fileWarnings({ file, nas, serviceBus: { connection } }: RelayConfig, options: RelayWarningOptions) {
  const { folder, fileMode = systemFileMode } = options;
  const credential = connection.kind === 'entra' ? connection.credential.source : connection.connectionString;
  const sources = new Map(
    [credential, ...nas.map(({ secret }) => secret)]
      .filter(({ from }) => from === 'file')
      .toReversed()
      .map((source) => [path.resolve(folder, source.name), source]),
  );
  const self: SecretSource = { from: 'file', name: file, path: '', line: 1, column: 1 };
  return [[path.resolve(file), self] as const, ...sources].flatMap(([place, source]) => {
    const mode = fileMode(place) ?? 0;
    const mindsGroup = source !== self && !isOwnGroup(place);
    const readable = mindsGroup ? READABLE_BY_ALL | READABLE_BY_GROUP : READABLE_BY_ALL;
    const open = [mode & readable ? 'read' : '', mode & WRITABLE_BY_OTHERS ? 'written' : ''].filter(
      (word) => word !== '',
    );
    if (open.length === 0) return [];
    const bits = mode.toString(8).padStart(4, '0');
    return at(
      source,
      `The file ${source.name} may be ${open.join(' and ')} by others (mode ${bits}): chmod 0600 it, for the user of the relay alone.`,
    );
  });
}

function at({ path: place, line, column }: SecretSource, problem: string): ConfigProblem[] {
  return [{ path: place, line, column, problem }];
}

/** Windows keeps no such bits. */
function systemFileMode(file: string): number | undefined {
  if (process.platform === 'win32') return undefined;
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats && stats.mode & 0o777;
}

/** A file of root that the group of the relay may read, and no other, is as closed as one of its own. */
function isOwnGroup(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.gid === process.getgid?.();
}
