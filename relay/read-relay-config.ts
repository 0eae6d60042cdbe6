// Reads relay.yaml: strict, with every problem at once, each with its line, its column and how to mend it.

import { type YamlField, YamlReader } from '../shared/adapters/yaml/yaml-reader.ts';
import { isClientOrSiteName } from '../shared/domain/client.ts';
import { PRIVACY_MODES } from '../shared/ports/privacy-mode.ts';
import { type IpSubnet, readIpSubnet } from './ip-subnet.ts';
import { nasAmbiguities } from './nas-ambiguities.ts';
import { NAS_PROFILES } from './profiles/nas-profiles.ts';
import { type IpAddress, readIpAddress } from './radius/read-ip-address.ts';
import { readAlsoIdentifyBy, readOmit, readSend } from './read-fixed-attributes.ts';
import type {
  EntraCredential,
  NasEntry,
  NasMatch,
  RelayConfig,
  RelayLimits,
  SecretSource,
  ServiceBusConfig,
  ServiceBusConnection,
} from './relay-config.ts';
import { RelayConfigError } from './relay-error.ts';

export interface ReadRelayConfigOptions {
  /** As the operator named the file, for messages. */
  readonly file: string;
  /** Name of the relay where the file gives none. */
  readonly hostName: string;
}

const DEFAULT_LIMITS: RelayLimits = { concurrency: 32, perNas: 8, prefetch: 512, perMinute: 6000 };
/** More than any NAS could be asked. */
const MOST_REQUESTS = 100_000;
const NAMESPACE_FORM =
  /^[a-z0-9-]{1,50}(\.[a-z0-9-]{1,60})*\.servicebus\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/i;
const GUID_FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NAME_FORM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const QUEUE_FORM = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$/;
const VARIABLE_FORM = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws RelayConfigError, and nothing else, for any text */
export function readRelayConfig(text: string, { file, hostName }: ReadRelayConfigOptions): RelayConfig {
  const read = new YamlReader(text);
  const top = read.mapping(read.root, ['site', 'relay', 'serviceBus', 'nas', 'healthz', 'log', 'limits']);
  const site = siteName(read, top.site) ?? '';
  const relay = top.relay.node === undefined ? hostName : name(read, top.relay, 'a name for this relay');
  const config: RelayConfig = {
    file,
    site,
    relay: relay ?? hostName,
    serviceBus: readServiceBus(read, top.serviceBus, site),
    nas: readNasList(read, top.nas),
    ...readHealthz(read, top.healthz),
    log: readLog(read, top.log),
    limits: readLimits(read, top.limits),
  };
  if (read.problems.length > 0) {
    const inOrder = read.problems.toSorted((one, other) => one.line - other.line || one.column - other.column);
    throw new RelayConfigError(file, inOrder, 'NAC_RELAY_CONFIG');
  }
  return config;
}

/** As strict as for clients: a site that no client can have would wait for ever for jobs that never come. */
function siteName(read: YamlReader, field: YamlField): string | undefined {
  const text = read.requiredText(field, 'the name of this site, as the RADIUS clients of the connector have it');
  if (text === undefined || isClientOrSiteName(text)) return text;
  read.problem(field, 'must be up to 40 lower-case letters, digits and hyphens, as sites of clients are.');
  return undefined;
}

function name(read: YamlReader, field: YamlField, meaning: string): string | undefined {
  const text = read.requiredText(field, meaning);
  if (text === undefined || NAME_FORM.test(text)) return text;
  read.problem(field, 'may hold letters, digits, dot, hyphen and underscore, 63 at most.');
  return undefined;
}

function readServiceBus(read: YamlReader, field: YamlField, site: string): ServiceBusConfig {
  if (field.node === undefined) read.missing(field, 'how to reach the Service Bus namespace');
  const keys = [
    'namespace',
    'credential',
    'transport',
    'proxy',
    'connectionStringEnv',
    'connectionStringFile',
    'jobsQueue',
    'resultsQueue',
  ] as const;
  const fields = read.mapping(field, keys);
  return {
    connection: readConnection(read, field, fields),
    jobsQueue: queueName(read, fields.jobsQueue) ?? `coa-${site}`,
    resultsQueue: queueName(read, fields.resultsQueue) ?? 'coa-results',
  };
}

type ConnectionKey =
  | 'namespace'
  | 'credential'
  | 'transport'
  | 'proxy'
  | 'connectionStringEnv'
  | 'connectionStringFile';

function readConnection(
  read: YamlReader,
  parent: YamlField,
  fields: Record<ConnectionKey, YamlField>,
): ServiceBusConnection {
  const { connectionStringEnv, connectionStringFile } = fields;
  if (connectionStringEnv.node !== undefined || connectionStringFile.node !== undefined) {
    for (const key of ['namespace', 'credential', 'transport', 'proxy'] as const) {
      if (fields[key].node === undefined) continue;
      read.problem(fields[key], 'does not go with a connection string: keep one of the two.');
    }
    const connectionString = readSecret(
      read,
      parent,
      connectionStringEnv,
      connectionStringFile,
      'the connection string',
    );
    return { kind: 'connection-string', connectionString };
  }
  const namespace = read.requiredText(fields.namespace, 'the namespace, as in my-namespace.servicebus.windows.net');
  if (parent.node !== undefined && namespace !== undefined && !NAMESPACE_FORM.test(namespace)) {
    read.problem(fields.namespace, 'must be the host name alone, as in my-namespace.servicebus.windows.net.');
  }
  const transport = read.oneOf(fields.transport, ['amqp', 'websocket']) ?? 'amqp';
  const proxy = read.text(fields.proxy);
  if (proxy !== undefined) {
    if (!isProxyUrl(proxy)) read.problem(fields.proxy, 'must be a URL such as http://proxy.example.org:3128.');
    if (transport !== 'websocket') read.problem(fields.proxy, 'works with transport: websocket only; set that too.');
  }
  return {
    kind: 'entra',
    namespace: namespace ?? '',
    credential: readCredential(read, fields.credential),
    transport,
    ...(proxy === undefined ? {} : { proxy }),
  };
}

function readCredential(read: YamlReader, field: YamlField): EntraCredential {
  if (field.node === undefined)
    read.missing(field, 'tenantId, clientId and certificateFile (or secretFile, secretEnv)');
  const keys = ['tenantId', 'clientId', 'authorityHost', 'certificateFile', 'secretFile', 'secretEnv'] as const;
  const fields = read.mapping(field, keys);
  const guid = (guidField: YamlField, meaning: string): string => {
    if (field.node === undefined) return '';
    const text = read.requiredText(guidField, meaning);
    if (text !== undefined && !GUID_FORM.test(text)) {
      read.problem(guidField, 'must be a GUID like 0f8fad5b-d9cb-469f-a165-70867728950e.');
    }
    return text ?? '';
  };
  const authorityHost = read.text(fields.authorityHost);
  if (authorityHost !== undefined && !isUrl(authorityHost, ['https:'])) {
    read.problem(fields.authorityHost, 'must be a URL such as https://login.microsoftonline.com.');
  }
  const kind = fields.certificateFile.node === undefined ? 'secret' : 'certificate';
  if (kind === 'certificate') {
    for (const secret of [fields.secretFile, fields.secretEnv]) {
      if (secret.node !== undefined) read.problem(secret, 'does not go with certificateFile: keep one of them.');
    }
  }
  return {
    kind,
    tenantId: guid(fields.tenantId, 'the directory (tenant) id'),
    clientId: guid(fields.clientId, 'the application (client) id'),
    ...(authorityHost === undefined ? {} : { authorityHost }),
    source:
      kind === 'certificate'
        ? source(read, 'file', fields.certificateFile)
        : readSecret(read, field, fields.secretEnv, fields.secretFile, 'certificateFile, secretFile or secretEnv'),
  };
}

function readNasList(read: YamlReader, field: YamlField): NasEntry[] {
  const items = read.list(field);
  if (field.node === undefined || (items.length === 0 && read.problems.length === 0)) {
    read.missing(field, 'at least one NAS: a switch, access point or controller');
  }
  const entries = items.map((item) => ({ field: item, entry: readNas(read, item) }));
  const seen = new Set<string>();
  for (const { field: at, entry } of entries) {
    if (entry.name !== '' && seen.has(entry.name))
      read.problem(at, `is the second NAS named ${entry.name}: rename one.`);
    seen.add(entry.name);
  }
  for (const { index, problem } of nasAmbiguities(entries.map(({ entry }) => entry))) {
    const at = entries[index]?.field;
    if (at) read.problem({ ...at, path: `${at.path}.match` }, problem);
  }
  return entries.map(({ entry }) => entry);
}

function readNas(read: YamlReader, field: YamlField): NasEntry {
  const keys = [
    'name',
    'match',
    'address',
    'port',
    'sourceAddress',
    'secretEnv',
    'secretFile',
    'profile',
    'alsoIdentifyBy',
    'send',
    'omit',
    'messageAuthenticator',
    'eventTimestamp',
    'legacyZeroMessageAuthenticator',
  ] as const;
  const fields = read.mapping(field, keys);
  const profileName = read.requiredText(fields.profile, `a profile: ${[...NAS_PROFILES.keys()].join(' or ')}`);
  const profile = profileName === undefined ? undefined : NAS_PROFILES.get(profileName);
  if (profileName !== undefined && profile === undefined) {
    read.problem(fields.profile, `must be one of ${[...NAS_PROFILES.keys()].join(', ')}.`);
  }
  const match = readMatch(read, fields.match);
  const address = readAddress(read, fields.address);
  const sourceAddress = readAddress(read, fields.sourceAddress);
  if (address !== undefined && sourceAddress !== undefined && address.family !== sourceAddress.family) {
    read.problem(fields.sourceAddress, `must be an IPv${address.family} address, as address is.`);
  }
  const found = [match.nasIpAddress, match.nasIpv6Address, match.packetSourceIp, match.subnet];
  if (
    fields.address.node === undefined &&
    match.nasIdentifier.length > 0 &&
    found.every(({ length }) => length === 0)
  ) {
    read.missing(fields.address, 'the IP address to send to, since a NAS-Identifier alone does not tell it');
  }
  const { alsoIdentifyBy, fixed } = readAlsoIdentifyBy(read, fields.alsoIdentifyBy);
  const written = readSend(read, fields.send);
  // A value that the operator gives counts for more than the usual one.
  const send = [...fixed.filter(({ label }) => !written.some((one) => one.label === label)), ...written];
  const alsoSent = [...alsoIdentifyBy, ...send.map(({ label }) => label)];
  return {
    name: name(read, fields.name, 'a name for this NAS') ?? '',
    match,
    ...(address === undefined ? {} : { address: address.text }),
    port: read.integer(fields.port, { from: 1, to: 65_535 }) ?? profile?.defaultPort ?? 3799,
    ...(sourceAddress === undefined ? {} : { sourceAddress: sourceAddress.text }),
    secret: readSecret(read, field, fields.secretEnv, fields.secretFile, 'secretFile or secretEnv'),
    profile: profile ?? UNKNOWN_PROFILE,
    alsoIdentifyBy,
    send,
    omit: readOmit(read, fields.omit, profile, { identifying: alsoIdentifyBy, alsoSent }),
    messageAuthenticator: read.flag(fields.messageAuthenticator) ?? true,
    eventTimestamp: read.flag(fields.eventTimestamp) ?? true,
    legacyZeroMessageAuthenticator: read.flag(fields.legacyZeroMessageAuthenticator) ?? false,
  };
}

/** Stands in while the rest of the entry is checked; a config with it is never given back. */
const UNKNOWN_PROFILE: NasEntry['profile'] = {
  name: '',
  description: '',
  defaultPort: 3799,
  identifiesBy: [],
  request: () => ({ possible: false, missing: [], reason: 'The profile is not known.' }),
};

function readMatch(read: YamlReader, field: YamlField): NasMatch {
  const keys = ['nasIdentifier', 'nasIpAddress', 'nasIpv6Address', 'packetSourceIp', 'subnet'] as const;
  const fields = read.mapping(field, keys);
  if (keys.every((key) => fields[key].node === undefined)) {
    read.missing(field, `how to recognise this NAS: at least one of ${keys.join(', ')}`);
  }
  const addresses = (from: YamlField, family?: 4 | 6): IpAddress[] =>
    read.list(from, { orSingle: true }).flatMap((item) => readAddress(read, item, family) ?? []);
  return {
    nasIdentifier: read.list(fields.nasIdentifier, { orSingle: true }).flatMap((item) => read.text(item) ?? []),
    nasIpAddress: addresses(fields.nasIpAddress, 4),
    nasIpv6Address: addresses(fields.nasIpv6Address, 6),
    packetSourceIp: addresses(fields.packetSourceIp),
    subnet: read.list(fields.subnet, { orSingle: true }).flatMap((item) => readSubnet(read, item) ?? []),
  };
}

function readAddress(read: YamlReader, field: YamlField, family?: 4 | 6): IpAddress | undefined {
  const text = read.text(field);
  if (text === undefined) return undefined;
  const address = readIpAddress(text);
  if (address !== undefined && (family === undefined || address.family === family)) return address;
  read.problem(field, `must be an ${family === undefined ? 'IP' : `IPv${family}`} address; a host name is none.`);
  return undefined;
}

function readSubnet(read: YamlReader, field: YamlField): IpSubnet | undefined {
  const text = read.text(field);
  if (text === undefined) return undefined;
  const subnet = readIpSubnet(text);
  if (typeof subnet !== 'string') return subnet;
  read.problem(field, `${subnet}.`);
  return undefined;
}

function readSecret(
  read: YamlReader,
  parent: YamlField,
  env: YamlField,
  file: YamlField,
  meaning: string,
): SecretSource {
  if (env.node !== undefined && file.node !== undefined) {
    read.problem(file, `stands beside ${env.path}: keep one of the two.`);
  }
  if (env.node === undefined && file.node === undefined && parent.node !== undefined) read.missing(parent, meaning);
  return env.node === undefined ? source(read, 'file', file) : source(read, 'env', env);
}

function source(read: YamlReader, from: SecretSource['from'], field: YamlField): SecretSource {
  const { path, line, column } = field;
  const text = read.text(field) ?? '';
  if (from === 'env' && text !== '' && !VARIABLE_FORM.test(text)) {
    read.problem(field, 'must be the name of an environment variable, not a secret itself.');
  }
  return { from, name: text, path, line, column };
}

function queueName(read: YamlReader, field: YamlField): string | undefined {
  const text = read.text(field);
  if (text !== undefined && !QUEUE_FORM.test(text)) read.problem(field, 'is no name that a queue can have.');
  return text;
}

function readHealthz(read: YamlReader, field: YamlField): Pick<RelayConfig, 'healthz'> {
  const fields = read.mapping(field, ['address', 'port', 'metrics']);
  if (field.node === undefined) return {};
  if (fields.port.node === undefined) read.missing(fields.port, 'a TCP port');
  const address = readAddress(read, fields.address)?.text ?? '127.0.0.1';
  const port = read.integer(fields.port, { from: 0, to: 65_535 }) ?? 0;
  return { healthz: { address, port, metrics: read.flag(fields.metrics) ?? false } };
}

function readLog(read: YamlReader, field: YamlField): RelayConfig['log'] {
  const fields = read.mapping(field, ['privacy', 'keyEnv']);
  const privacy = read.oneOf(fields.privacy, PRIVACY_MODES) ?? 'VendorKeyHashed';
  return fields.keyEnv.node === undefined ? { privacy } : { privacy, keyEnv: source(read, 'env', fields.keyEnv) };
}

/** `held` is what 0.1.0 called `prefetch`: a relay.yaml of that version still works. */
const LIMIT_KEYS = ['concurrency', 'perNas', 'prefetch', 'held', 'perMinute', 'inTenMinutes', 'stations'] as const;

function readLimits(read: YamlReader, field: YamlField): RelayLimits {
  const fields = read.mapping(field, LIMIT_KEYS);
  const written = fields.prefetch.node === undefined ? fields.held : fields.prefetch;
  const inTenMinutes = readInTenMinutes(read, fields.inTenMinutes, fields.stations);
  return {
    concurrency: read.integer(fields.concurrency, { from: 1, to: 1000 }) ?? DEFAULT_LIMITS.concurrency,
    perNas: read.integer(fields.perNas, { from: 1, to: 256 }) ?? DEFAULT_LIMITS.perNas,
    prefetch: read.integer(written, { from: 1, to: 2000 }) ?? DEFAULT_LIMITS.prefetch,
    perMinute: read.integer(fields.perMinute, { from: 1, to: MOST_REQUESTS }) ?? DEFAULT_LIMITS.perMinute,
    ...(inTenMinutes === undefined ? {} : { inTenMinutes }),
  };
}

/** A number of stations, or a share of those that the site has: `40%` of `stations`. */
function readInTenMinutes(read: YamlReader, limit: YamlField, stationsField: YamlField): number | undefined {
  const stations = read.integer(stationsField, { from: 1, to: MOST_REQUESTS });
  const written = read.value(limit, { quietly: true });
  if (typeof written !== 'string') return read.integer(limit, { from: 1, to: MOST_REQUESTS });
  const [, digits] = /^(\d{1,3}) ?%$/.exec(written.trim()) ?? [];
  const percent = Number(digits ?? 0);
  if (percent < 1 || percent > 100) {
    read.problem(limit, `must be a whole number from 1 to ${MOST_REQUESTS}, or a share from 1% to 100%.`);
  } else if (stationsField.node === undefined) {
    read.missing(stationsField, 'how many stations the site has, about, since inTenMinutes is a share of them');
  }
  return stations === undefined ? undefined : Math.max(1, Math.floor((stations * percent) / 100));
}

function isProxyUrl(text: string): boolean {
  return isUrl(text, ['http:', 'https:']);
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}
