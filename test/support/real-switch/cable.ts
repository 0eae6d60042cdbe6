// A cable from a switch port to a station: a veth pair, whose far end lies in the station's network namespace.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { runProgram } from '../freeradius/run-program.ts';

const IP = '/usr/sbin/ip';
const IP_DEADLINE_MS = 10_000;
/** Names say which process made them, so that a later run finds what one left behind that was killed. */
const NAMESPACE = /^nac-(\d+)-[a-z0-9]+/;

export interface Namespace {
  readonly name: string;
  /** A program and its arguments, to be run in there. */
  inside(commandLine: readonly string[]): readonly string[];
  remove(): Promise<void>;
}

export interface Cable {
  /** Interface on the side of the switch; it goes when the station's namespace does. */
  readonly switchEnd: string;
  /** Interface in the station's namespace. */
  readonly stationEnd: string;
}

/** @param label letters and digits, its own in this process */
export async function createNamespace(label: string): Promise<Namespace> {
  const name = `nac-${process.pid}-${label}`;
  await ip('netns', 'add', name);
  const remove = () => spawnSync(IP, ['netns', 'del', name]);
  // For a test process that ends without cleaning up, such as one that vitest gave up on.
  process.once('exit', remove);
  return {
    name,
    inside: (commandLine) => [IP, 'netns', 'exec', name, ...commandLine],
    async remove() {
      process.off('exit', remove);
      await ip('netns', 'del', name);
    },
  };
}

/**
 * @param label letters and digits, its own in this process, at most four @param mac of the station, as
 * 02:00:00:00:00:01
 */
export async function layCable(label: string, namespace: Namespace, mac: string): Promise<Cable> {
  const [switchEnd, stationEnd] = [`sw${process.pid}${label}`, `st${process.pid}${label}`];
  await ip('link', 'add', switchEnd, 'type', 'veth', 'peer', 'name', stationEnd);
  await ip('link', 'set', stationEnd, 'address', mac);
  await ip('link', 'set', stationEnd, 'netns', namespace.name);
  await ip('link', 'set', switchEnd, 'up');
  await ip('-n', namespace.name, 'link', 'set', stationEnd, 'up');
  return { switchEnd, stationEnd };
}

/** Removes the namespaces of test processes that are no more; interfaces go with them. */
export async function removeAbandonedNamespaces(): Promise<void> {
  for (const line of (await ip('netns', 'list')).split('\n')) {
    const [name = '', pid] = NAMESPACE.exec(line) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await ip('netns', 'del', name);
  }
}

async function ip(...args: readonly string[]): Promise<string> {
  const { exitCode, output } = await runProgram(IP, args, { deadline: IP_DEADLINE_MS });
  if (exitCode !== 0) throw new Error(`ip ${args.join(' ')}: ${output}`);
  return output;
}
