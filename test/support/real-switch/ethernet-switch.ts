// A switch with real 802.1X ports: hostapd, which asks RADIUS, reports sessions by accounting and takes
// Disconnect-Requests.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PeerProcess, startPeer } from './peer-process.ts';
import { type PortState, portState } from './port-state.ts';
import { layRadiusWire, type RadiusWire } from './radius-wire.ts';

const HOSTAPD = '/usr/sbin/hostapd';
/** It must not be 0: hostapd would authenticate nothing again, whatever Session-Timeout and Termination-Action say. */
const REAUTHENTICATION_SECONDS = 3_600;
const ETHERNET = 15;

export interface EthernetSwitchOptions {
  /** For its files; removed by who made it. */
  readonly folder: string;
  readonly name: string;
  /** On the loopback interface, its own. */
  readonly address: string;
  /** Interface behind the port; one a switch. */
  readonly port: string;
  readonly radius: { readonly authPort: number; readonly acctPort: number; readonly secret: string };
  /** Where it takes Disconnect-Requests, on every address: a free one. */
  readonly coaPort: number;
  readonly coaSecret: string;
  readonly interimSeconds?: number;
}

export interface EthernetSwitch {
  readonly address: string;
  readonly wire: RadiusWire;
  /** The next line it prints that matches. */
  next(line: RegExp, deadlineMs?: number): Promise<string>;
  /** The port authorizes the station. */
  opens(mac: string, deadlineMs?: number): Promise<string>;
  /** The port closes; for five seconds more the switch knows the station. */
  closes(mac: string, deadlineMs?: number): Promise<string>;
  /** The switch drops what it still knew of a station that it has disconnected. */
  forgets(mac: string, deadlineMs?: number): Promise<string>;
  stateOf(mac: string): Promise<PortState>;
  /** By power cut: no Stop, no Accounting-Off. */
  kill(): Promise<void>;
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startEthernetSwitch(options: EthernetSwitchOptions): Promise<EthernetSwitch> {
  const { folder, name, address, port, radius } = options;
  await using started = new AsyncDisposableStack();
  const wire = await layRadiusWire(address, () => radius.authPort);
  started.defer(() => wire.close());
  const accounting = await layRadiusWire(address, () => radius.acctPort);
  started.defer(() => accounting.close());
  const control = join(folder, `${name}.control`);
  await mkdir(control, { recursive: true });
  const file = join(folder, `${name}.conf`);
  await writeFile(file, configuration(options, control, wire.port, accounting.port).join('\n'), { mode: 0o600 });
  const start = () => startPeer([HOSTAPD, file], /AP-ENABLED/);
  let running: PeerProcess = await start();
  started.defer(() => running.stop());
  const all = started.move();
  return {
    address,
    wire,
    next: (line, deadlineMs) => running.next(line, deadlineMs),
    opens: (mac, deadlineMs) => running.next(new RegExp(`STA ${mac} .*: authorizing port`), deadlineMs),
    closes: (mac, deadlineMs) => running.next(new RegExp(`AP-STA-DISCONNECTED ${mac}`), deadlineMs),
    forgets: (mac, deadlineMs) => running.next(new RegExp(`STA ${mac} .*: deauthenticated due to`), deadlineMs),
    stateOf: (mac) => portState(control, port, mac),
    kill: () => running.stop('SIGKILL'),
    async start() {
      running = await start();
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function configuration(
  { name, address, port, radius, coaPort, coaSecret, interimSeconds = 60 }: EthernetSwitchOptions,
  control: string,
  authPort: number,
  acctPort: number,
): string[] {
  return [
    `interface=${port}`,
    'driver=wired',
    'ieee8021x=1',
    'use_pae_group_addr=1',
    'eapol_version=2',
    `eap_reauth_period=${REAUTHENTICATION_SECONDS}`,
    'logger_stdout=-1',
    'logger_stdout_level=0',
    `ctrl_interface=${control}`,
    `own_ip_addr=${address}`,
    `radius_client_addr=${address}`,
    `nas_identifier=${name}`,
    `auth_server_addr=${address}`,
    `auth_server_port=${authPort}`,
    `auth_server_shared_secret=${radius.secret}`,
    `acct_server_addr=${address}`,
    `acct_server_port=${acctPort}`,
    `acct_server_shared_secret=${radius.secret}`,
    `radius_auth_req_attr=61:d:${ETHERNET}`,
    `radius_acct_req_attr=61:d:${ETHERNET}`,
    'radius_auth_req_attr=87:s:Gi1/0/1',
    'radius_acct_req_attr=87:s:Gi1/0/1',
    `radius_acct_interim_interval=${interimSeconds}`,
    `radius_das_port=${coaPort}`,
    `radius_das_client=127.0.0.1 ${coaSecret}`,
    'radius_das_require_event_timestamp=1',
    'radius_das_require_message_authenticator=1',
    '',
  ];
}
