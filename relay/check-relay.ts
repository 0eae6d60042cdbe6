// `relay check`: reads relay.yaml and its secrets as the relay would, and shows the NASes without their secrets.

import { hostname } from 'node:os';
import path from 'node:path';
import { readConfigFile } from './read-config-file.ts';
import { readRelayConfig } from './read-relay-config.ts';
import { readRelaySecrets } from './read-relay-secrets.ts';
import { certificateEnd, credentialExpiry } from './relay-certificate.ts';
import type { NasEntry, RelayConfig, RelayLimits } from './relay-config.ts';
import { relayWarnings, warningLine } from './relay-warnings.ts';

/**
 * @returns lines to show
 * @throws RelayConfigError naming every problem
 */
export function checkRelay(file: string, env: Readonly<Record<string, string | undefined>>): string[] {
  const config = readRelayConfig(readConfigFile(file), { file, hostName: hostname() });
  const folder = path.dirname(file);
  const secrets = readRelaySecrets(config, { env, folder });
  const warnings = relayWarnings(config, secrets, { folder });
  return [
    `${file} is right.`,
    '',
    ...summary(config),
    ...certificateLine(config, secrets.serviceBus),
    '',
    ...table(config.nas),
    ...(warnings.length === 0 ? [] : ['', 'It works, and is not safe:']),
    ...warnings.map((warning) => `  ${warningLine(file, warning)}`),
  ];
}

function summary({ site, relay, serviceBus, healthz, log, limits }: RelayConfig): string[] {
  const { connection, jobsQueue, resultsQueue } = serviceBus;
  const where =
    connection.kind === 'connection-string'
      ? 'connection string (local use only)'
      : `${connection.namespace}, Entra ${connection.credential.kind}, ${connection.transport}`;
  return [
    `Site         ${site}`,
    `Relay        ${relay}`,
    `Service Bus  ${where}`,
    `Queues       ${jobsQueue} -> relay -> ${resultsQueue}`,
    `Health       ${healthz === undefined ? 'off' : `http://${host(healthz.address)}:${healthz.port}/healthz`}`,
    ...(healthz?.metrics ? [`Metrics      http://${host(healthz.address)}:${healthz.port}/metrics`] : []),
    `Brake        ${brake(limits)}`,
    `Log privacy  ${log.privacy}`,
  ];
}

function certificateLine({ serviceBus: { connection } }: RelayConfig, pem: string): string[] {
  if (connection.kind !== 'entra' || connection.credential.kind !== 'certificate') return [];
  const end = certificateEnd(pem);
  if (end === undefined) return ['Certificate  cannot be read: Entra will refuse it'];
  return [`Certificate  until ${end.toISOString()}, ${credentialExpiry(end, new Date())} days left`];
}

function brake({ perMinute, inTenMinutes }: RelayLimits): string {
  const stations = inTenMinutes === undefined ? '' : `, ${inTenMinutes} stations in ten minutes`;
  return `${perMinute} requests a minute${stations}`;
}

function table(entries: readonly NasEntry[]): string[] {
  const rows = [
    ['NAS', 'RECOGNISED BY', 'SEND TO', 'PROFILE', 'SECRET', 'SWITCHES'],
    ...entries.map((entry) => [
      entry.name,
      recognisedBy(entry),
      `${entry.address === undefined ? 'its own address' : host(entry.address)} port ${entry.port}${
        entry.sourceAddress === undefined ? '' : ` from ${entry.sourceAddress}`
      }`,
      entry.profile.name,
      entry.secret.from === 'env' ? `variable ${entry.secret.name}` : `file ${entry.secret.name}`,
      switches(entry),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function recognisedBy({ match }: NasEntry): string {
  return [
    ...match.nasIdentifier.map((text) => `NAS-Identifier ${text}`),
    ...match.nasIpAddress.map(({ text }) => `NAS-IP-Address ${text}`),
    ...match.nasIpv6Address.map(({ text }) => `NAS-IPv6-Address ${text}`),
    ...match.packetSourceIp.map(({ text }) => `source ${text}`),
    ...match.subnet.map(({ text }) => `subnet ${text}`),
  ].join(', ');
}

function switches(entry: NasEntry): string {
  const set = [
    entry.messageAuthenticator ? '' : 'no Message-Authenticator',
    entry.eventTimestamp ? '' : 'no Event-Timestamp',
    entry.legacyZeroMessageAuthenticator ? 'legacy Message-Authenticator' : '',
    entry.alsoIdentifyBy.length > 0 ? `also ${entry.alsoIdentifyBy.join(', ')}` : '',
    entry.send.length > 0 ? `sends ${entry.send.map(({ label }) => label).join(', ')}` : '',
    entry.omit.length > 0 ? `without ${entry.omit.join(', ')}` : '',
  ].filter((text) => text !== '');
  return set.length === 0 ? '-' : set.join('; ');
}

function host(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
