// A relay of this machine, as its own process: the relay.yaml it needs, and the agent that ships.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const RELAY = join(import.meta.dirname, '../relay/main.ts');
/** Longer than a relay takes to finish what it sends. */
const KILL_AFTER_MS = 40_000;

/** A NAS: by which address RADIUS knows it, where it listens for CoA, and the secret it shares with the relay. */
export interface LocalNas {
  readonly nasIpAddress: string;
  readonly address: string;
  readonly port: number;
  readonly secret: string;
  /** As in relay.yaml; `cisco-ios` unless told. */
  readonly profile?: string;
  readonly alsoIdentifyBy?: readonly string[];
}

export interface LocalRelayOptions {
  readonly folder: string;
  readonly site: string;
  readonly serviceBusConnection: string;
  readonly nas: readonly LocalNas[];
  readonly onLine?: (line: string) => void;
}

export interface LocalRelay {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export async function startLocalRelay({
  folder,
  site,
  serviceBusConnection,
  nas,
  onLine,
}: LocalRelayOptions): Promise<LocalRelay> {
  const file = join(folder, 'relay.yaml');
  await writeFile(
    file,
    [
      `site: ${site}`,
      'relay: local-relay',
      'serviceBus:',
      '  connectionStringEnv: SERVICE_BUS_CONNECTION',
      'nas:',
      ...nas.flatMap(nasLines),
      '',
    ].join('\n'),
  );
  const secrets = Object.fromEntries(nas.map(({ secret }, index) => [secretVariable(index), secret]));
  const child = spawn(process.execPath, [RELAY, 'run', file], {
    env: { PATH: process.env['PATH'], SERVICE_BUS_CONNECTION: serviceBusConnection, ...secrets },
    // With the IPC channel the relay notices when this process dies.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', (line) => onLine?.(line));
  }
  const exited = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    exited,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await exited;
      clearTimeout(timer);
    },
  };
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
