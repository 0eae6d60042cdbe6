// A station with a certificate at the end of a cable: wpa_supplicant in a network namespace of its own.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IssuedCertificate } from '../freeradius/certificates.ts';
import { runProgram } from '../freeradius/run-program.ts';
import type { Namespace } from './cable.ts';
import { startPeer } from './peer-process.ts';

const WPA_SUPPLICANT = '/usr/sbin/wpa_supplicant';
const WPA_CLI = '/usr/sbin/wpa_cli';
const DEADLINE_MS = 5_000;

export interface WiredStationOptions {
  readonly folder: string;
  readonly namespace: Namespace;
  /** Interface in the namespace. */
  readonly plug: string;
  readonly certificate: IssuedCertificate;
  /** Of the authority behind the RADIUS server's certificate. */
  readonly radiusCaFile: string;
}

export interface WiredStation {
  next(line: RegExp, deadlineMs?: number): Promise<string>;
  /** It sends again, as a station does with its next frame: a wired one does not notice that its port has closed. */
  comeBack(): Promise<void>;
  /** It goes silent without a word, its link up: a machine behind a phone that is carried away. */
  leave(): Promise<void>;
}

export async function startWiredStation(options: WiredStationOptions): Promise<WiredStation> {
  const { folder, namespace, plug, certificate, radiusCaFile } = options;
  const control = join(folder, `${plug}.control`);
  await mkdir(control, { recursive: true });
  const write = async (name: string, content: string): Promise<string> => {
    const file = join(folder, `${plug}.${name}`);
    await writeFile(file, content, { mode: 0o600 });
    return file;
  };
  const configuration = [
    `ctrl_interface=${control}`,
    'ap_scan=0',
    'network={',
    'key_mgmt=IEEE8021X',
    'eap=TLS',
    'eapol_flags=0',
    'identity="host/device"',
    `client_cert="${await write('pem', certificate.chainPem)}"`,
    `private_key="${await write('key', certificate.privateKeyPem)}"`,
    `ca_cert="${radiusCaFile}"`,
    'fragment_size=1200',
    '}',
    '',
  ].join('\n');
  const file = await write('conf', configuration);
  const peer = await startPeer(
    namespace.inside([WPA_SUPPLICANT, '-D', 'wired', '-i', plug, '-c', file]),
    /Associated with|CTRL-EVENT-EAP-STARTED/,
  );
  return {
    next: peer.next,
    async comeBack() {
      const { output } = await runProgram(WPA_CLI, ['-p', control, '-i', plug, 'reassociate'], {
        deadline: DEADLINE_MS,
      });
      if (!output.includes('OK')) throw new Error(`wpa_cli: ${output}`);
    },
    leave: () => peer.stop('SIGKILL'),
  };
}
