// A relay of this machine, as its own process: the relay.yaml it needs, and the agent that ships.

import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from './child-process.ts';

const RELAY_PROGRAM = join(import.meta.dirname, '../relay/main.ts');
/** Longer than a relay takes to finish what it sends. */
const KILL_AFTER_MS = 40_000;

/** A NAS: by which address RADIUS knows it, where it listens for CoA, and the secret it shares with the relay. */
export interface LocalNas {
  readonly nasIpAddress: string;
  readonly address: string;
  readonly port: number;
  readonly secret: string;
  /** As in relay.yaml; `cisco-ios` by default. */
  readonly profile?: string;
  readonly alsoIdentifyBy?: readonly string[];
}

export interface LocalRelayOptions {
  readonly folder: string;
  readonly name: string;
  readonly site: string;
  readonly serviceBusConnection: string;
  readonly nas: readonly LocalNas[];
  /** Path of its program, the relay that ships unless given. */
  readonly program?: string | undefined;
  readonly onLine?: (line: string) => void;
}

export interface LocalRelay {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

/** @throws an error with what the relay wrote if it does not start */
export async function startLocalRelay(options: LocalRelayOptions): Promise<LocalRelay> {
  const { folder, name, site, serviceBusConnection, nas, program = RELAY_PROGRAM, onLine } = options;
  const file = join(folder, `${name}.yaml`);
  await writeFile(
    file,
    [
      `site: ${site}`,
      `relay: ${name}`,
      'serviceBus:',
      '  connectionStringEnv: SERVICE_BUS_CONNECTION',
      'nas:',
      ...nas.flatMap(nasLines),
      '',
    ].join('\n'),
    // As the relay asks for it: read by its own user alone.
    { mode: 0o600 },
  );
  // The file of an earlier run keeps the mode that it has.
  await chmod(file, 0o600);
  const secrets = Object.fromEntries(nas.map(({ secret }, index) => [secretVariable(index), secret]));
  const child = await startChild({
    name: 'The relay',
    commandLine: [program, 'run', file],
    env: { PATH: process.env['PATH'] ?? '', SERVICE_BUS_CONNECTION: serviceBusConnection, ...secrets },
    parseReadyLine: (line) => (line.includes('"relay.started"') ? true : undefined),
    onLine,
    killAfterMs: KILL_AFTER_MS,
  });
  return { pid: child.process.pid ?? 0, exited: child.exited, stop: () => child.end('SIGTERM') };
}

function nasLines(nas: LocalNas, index: number): string[] {
  return [
    `  - name: switch-${index + 1}`,
    '    match:',
    `      nasIpAddress: ${nas.nasIpAddress}`,
    `    address: ${nas.address.includes(':') ? `"${nas.address}"` : nas.address}`,
    `    port: ${nas.port}`,
    `    profile: ${nas.profile ?? 'cisco-ios'}`,
    ...(nas.alsoIdentifyBy ? [`    alsoIdentifyBy: [${nas.alsoIdentifyBy.join(', ')}]`] : []),
    `    secretEnv: ${secretVariable(index)}`,
  ];
}

function secretVariable(index: number): string {
  return `SWITCH_SECRET_${index + 1}`;
}
