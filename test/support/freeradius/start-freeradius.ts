// Runs a real FreeRADIUS with the configuration files shipped in infra/freeradius: everything a test chooses goes in by
// environment variables. Only what a site has to change, or changes by mistake, can be changed in the files.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestAuthority, type RevocationListOptions } from './certificates.ts';
import type { EapServer } from './eapol-test.ts';
import { freeUdpPort } from './free-udp-port.ts';
import type { AccountingServer } from './radclient.ts';
import { runFreeRadius } from './run-freeradius.ts';
import { type ProgramResult, requirePrograms, runProgram } from './run-program.ts';

const REST_MODULE = '/usr/lib/freeradius/rlm_rest.so';
const shippedFiles = path.join(import.meta.dirname, '../../../infra/freeradius');
const SECRET = 'shared-with-the-switch';

export type FailMode = 'closed' | 'open' | 'last';

export interface SiteUser {
  readonly name: string;
  readonly password: string;
}

export interface FreeRadiusOptions {
  /** Of the lookup function: `https://localhost:<port>`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** PEM file with the CA certificates that may vouch for the lookup function. */
  readonly caFile: string;
  /** `closed` by default. */
  readonly failMode?: FailMode;
  /** Users the site itself knows; none by default. */
  readonly siteUsers?: readonly SiteUser[];
  /** What the site changes in the shipped files; each text must be there once. */
  readonly siteChanges?: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** Further or other environment variables of the sample, see nac.env.example. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface FreeRadius extends EapServer, AccountingServer {
  /** Everything the server has printed since it was last started. */
  output(): string;
  /** The log of the accounting records which the connector will never take. */
  refusedRecords(): string;
  /** `NAC_CERTIFICATES_DIR` of this server. */
  readonly certificatesFolder: string;
  /** Has the shipped program fetch a new revocation list of the issuing CA; the server reads it at its next start. */
  publishRevocationList(options: RevocationListOptions): Promise<ProgramResult>;
  /** The same with a list that the test has made. */
  fetchRevocationList(list: Buffer): Promise<ProgramResult>;
  /** Ends the server, by `SIGTERM` by default, and starts it again with the same files; its ports may change. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/** The values of the fallback network in tests. */
export const FALLBACK = { vlan: 'fallback-vlan', role: 'fallback-role', sessionTimeout: 120 } as const;

/** Starts the server and returns when it answers requests. */
export async function startFreeRadius(options: FreeRadiusOptions): Promise<FreeRadius> {
  requirePrograms([REST_MODULE, '/usr/bin/radclient', '/usr/bin/eapol_test']);
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-freeradius-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  try {
    const { deviceAuthority, radiusCaFile } = await layOut(folder, options.siteUsers ?? []);
    const fetchRevocationList = (list: Buffer) => fetchInto(path.join(folder, 'certs'), list);
    const publishRevocationList = async (list: RevocationListOptions) =>
      fetchRevocationList(await deviceAuthority.issueRevocationList(list));
    await publishRevocationList({});
    for (const change of options.siteChanges ?? []) applyChange(path.join(folder, 'raddb'), change);
    let running = await startOnFreePorts(folder, options);
    return {
      get authPort() {
        return running.authPort;
      },
      get acctPort() {
        return running.acctPort;
      },
      secret: SECRET,
      deviceAuthority,
      radiusCaFile,
      certificatesFolder: path.join(folder, 'certs'),
      publishRevocationList,
      fetchRevocationList,
      output: () => running.server.output(),
      refusedRecords() {
        const file = path.join(folder, 'run', 'nac-refused.log');
        return existsSync(file) ? readFileSync(file, 'utf8') : '';
      },
      async restart(signal = 'SIGTERM') {
        await running.server.stop(signal);
        running = await startOnFreePorts(folder, options);
      },
      async stop() {
        await running.server.stop();
        removeFolder();
      },
    };
  } catch (error) {
    removeFolder();
    throw error;
  }
}

/** By the program that a site's timer runs. */
async function fetchInto(certificates: string, list: Buffer): Promise<ProgramResult> {
  const published = path.join(certificates, 'published.crl');
  writeFileSync(published, list);
  return runProgram(path.join(shippedFiles, 'nac-fetch-crls'), [`file://${published}`], {
    env: { NAC_CERTIFICATES_DIR: certificates, PATH: '/usr/bin:/bin' },
    deadline: 30_000,
  });
}

interface Ports {
  readonly authPort: number;
  readonly acctPort: number;
}

function startOnFreePorts(folder: string, options: FreeRadiusOptions) {
  return runFreeRadius(async () => {
    const ports: Ports = { authPort: await freeUdpPort(), acctPort: await freeUdpPort() };
    return { ...ports, folder: path.join(folder, 'raddb'), env: environment(folder, ports, options) };
  });
}

async function layOut(
  folder: string,
  siteUsers: readonly SiteUser[],
): Promise<Pick<EapServer, 'deviceAuthority' | 'radiusCaFile'>> {
  const certificates = path.join(folder, 'certs');
  cpSync(shippedFiles, path.join(folder, 'raddb'), { recursive: true });
  mkdirSync(certificates);
  mkdirSync(path.join(folder, 'run'));
  writeFileSync(
    path.join(folder, 'users'),
    siteUsers.map(({ name, password }) => `${quoted(name)} Cleartext-Password := ${quoted(password)}\n`).join(''),
  );

  const radiusAuthority = await createTestAuthority('Test RADIUS CA');
  const server = await radiusAuthority.issueServerCertificate({
    commonName: 'radius.test',
    dnsNames: ['radius.test'],
  });
  const deviceRoot = await createTestAuthority('Test Device Root CA');
  const deviceAuthority = await deviceRoot.issueAuthority('Test Device Issuing CA');

  const radiusCaFile = path.join(certificates, 'radius-ca.pem');
  writeFileSync(radiusCaFile, radiusAuthority.certificatePem);
  writeFileSync(path.join(certificates, 'server.pem'), server.chainPem);
  writeFileSync(path.join(certificates, 'server.key'), server.privateKeyPem, { mode: 0o600 });
  writeFileSync(
    path.join(certificates, 'device-ca.pem'),
    `${deviceRoot.certificatePem}\n${deviceAuthority.certificatePem}\n`,
  );
  return { deviceAuthority, radiusCaFile };
}

function applyChange(raddb: string, { file, from, to }: { file: string; from: string; to: string }): void {
  const text = readFileSync(path.join(raddb, file), 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`);
  writeFileSync(
    path.join(raddb, file),
    text.replace(from, () => to),
  );
}

/** As "man 5 users" wants it. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '\\"')}"`;
}

function environment(
  folder: string,
  { authPort, acctPort }: Ports,
  options: FreeRadiusOptions,
): Record<string, string> {
  return {
    NAC_BASE_URL: options.baseUrl,
    NAC_API_KEY: options.apiKey,
    NAC_CA_BUNDLE_FILE: options.caFile,
    NAC_CONNECT_TIMEOUT: '0.5',
    // As in nac.env.example: on a busy machine a first lookup takes more than a second.
    NAC_TOTAL_TIMEOUT: '2.5',
    NAC_MAX_LOOKUPS: '4',
    NAC_FAIL_MODE: options.failMode ?? 'closed',
    NAC_FALLBACK_VLAN: FALLBACK.vlan,
    NAC_FALLBACK_ROLE: FALLBACK.role,
    NAC_FALLBACK_SESSION_TIMEOUT: String(FALLBACK.sessionTimeout),
    NAC_LAST_DECISION_SECONDS: '3600',
    NAC_CERTIFICATES_DIR: path.join(folder, 'certs'),
    NAC_CHECK_CRL: 'yes',
    NAC_ALLOW_EXPIRED_CRL: 'no',
    NAC_CRL_RELOAD_INTERVAL: '600',
    NAC_OCSP: 'no',
    NAC_OCSP_SOFTFAIL: 'no',
    NAC_LISTEN_ADDRESS: '127.0.0.1',
    NAC_LISTEN_PORT: String(authPort),
    NAC_ACCT_LISTEN_PORT: String(acctPort),
    NAC_ACCT_SPOOL_DIR: path.join(folder, 'spool'),
    NAC_ACCT_CONNECT_TIMEOUT: '0.5',
    NAC_ACCT_TOTAL_TIMEOUT: '2.0',
    // The server takes less for 4.
    NAC_ACCT_RETRY_INTERVAL: '4',
    NAC_CLIENT_ADDRESS: '127.0.0.0/8',
    NAC_CLIENT_SECRET: SECRET,
    NAC_NAS_TYPE: '',
    NAC_CONSOLE: 'no',
    NAC_USERS_FILE: path.join(folder, 'users'),
    NAC_MAX_SERVERS: '8',
    NAC_REJECT_DELAY: '0',
    NAC_RUN_DIR: path.join(folder, 'run'),
    ...options.env,
  };
}
