// relay.yaml: what is read, and every mistake with its line.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readRelayConfig } from '../../../relay/read-relay-config.ts';
import { readRelaySecrets } from '../../../relay/read-relay-secrets.ts';
import type { RelayConfig } from '../../../relay/relay-config.ts';
import { type ConfigProblem, RelayConfigError } from '../../../relay/relay-error.ts';
import { SMALL_RELAY_YAML, WHOLE_RELAY_YAML } from './a-relay-yaml.ts';

function read(text: string): RelayConfig {
  return readRelayConfig(text, { file: 'relay.yaml', hostName: 'host-1' });
}

function problems(text: string): readonly ConfigProblem[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof RelayConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The first occurrence is replaced. */
function changed(from: string, to: string, text = WHOLE_RELAY_YAML): readonly ConfigProblem[] {
  if (!text.includes(from)) throw new Error(`${from} is not in the text.`);
  return problems(text.replace(from, () => to));
}

describe('a file that is right', () => {
  test('with everything', () => {
    const config = read(WHOLE_RELAY_YAML);
    expect(config).toMatchObject({
      site: 'hq',
      relay: 'relay-a',
      serviceBus: {
        connection: {
          kind: 'entra',
          namespace: 'example.servicebus.windows.net',
          transport: 'websocket',
          proxy: 'http://proxy.example.org:3128',
          credential: { kind: 'certificate', source: { from: 'file', name: 'relay.pem', line: 8 } },
        },
        jobsQueue: 'jobs',
        resultsQueue: 'results',
      },
      healthz: { address: '127.0.0.1', port: 8080, metrics: false },
      log: { privacy: 'FullyKeyHashed' },
      limits: { concurrency: 64, perNas: 4, prefetch: 100, perMinute: 60, inTenMinutes: 83 },
    });
    expect(config.nas[0]).toMatchObject({
      name: 'core',
      address: '192.0.2.10',
      port: 1701,
      sourceAddress: '192.0.2.200',
      profile: { name: 'cisco-ios' },
      alsoIdentifyBy: ['NAS-Port'],
      messageAuthenticator: false,
      eventTimestamp: false,
      legacyZeroMessageAuthenticator: true,
    });
  });

  test('with as little as possible, and defaults', () => {
    expect(read(SMALL_RELAY_YAML)).toMatchObject({
      relay: 'host-1',
      serviceBus: { connection: { kind: 'connection-string' }, jobsQueue: 'coa-hq', resultsQueue: 'coa-results' },
      log: { privacy: 'VendorKeyHashed' },
      limits: { concurrency: 32, perNas: 8, prefetch: 512, perMinute: 6000 },
      nas: [{ port: 1700, messageAuthenticator: true, eventTimestamp: true, legacyZeroMessageAuthenticator: false }],
    });
  });

  test('limits.prefetch may be called held, as 0.1.0 called it', () => {
    const { limits } = read(WHOLE_RELAY_YAML.replace('prefetch: 100', 'held: 100'));
    expect(limits.prefetch).toBe(100);
  });

  test('anchors and aliases may be used', () => {
    const text = SMALL_RELAY_YAML.replace('secretEnv: ACCESS_SECRET', 'secretEnv: &secret ACCESS_SECRET').concat(
      '  - { name: other, match: { subnet: 10.0.0.0/8 }, secretEnv: *secret, profile: cisco-ios }\n',
    );
    expect(read(text).nas[1]?.secret.name).toBe('ACCESS_SECRET');
  });
});

describe('every problem is named with its place', () => {
  test.each<[string, string, Partial<ConfigProblem> & { readonly says: string }]>([
    ['site: hq', 'site: 12', { path: 'site', line: 1, column: 7, says: 'quotes' }],
    ['site: hq', 'site: "a b"', { path: 'site', line: 1, column: 7, says: 'letters' }],
    ['site: hq', 'site: HQ', { path: 'site', line: 1, column: 7, says: 'lower-case' }],
    ['site: hq', 'site: h_q', { path: 'site', says: 'lower-case' }],
    ['site: hq', 'site: h.q', { path: 'site', says: 'lower-case' }],
    ['site: hq', 'site: -hq', { path: 'site', says: 'lower-case' }],
    ['site: hq', `site: ${'h'.repeat(41)}`, { path: 'site', says: 'up to 40' }],
    ['site: hq', 'site:', { path: 'site', says: 'missing' }],
    ['site: hq', 'site: hq\nsit: 1', { path: 'sit', line: 2, column: 1, says: 'not known' }],
    ['transport: websocket', 'transport: amqp', { path: 'serviceBus.proxy', line: 10, says: 'websocket only' }],
    ['transport: websocket', 'transport: tcp', { path: 'serviceBus.transport', line: 9, column: 14, says: 'one of' }],
    ['proxy: http://proxy.example.org:3128', 'proxy: proxy:3128', { path: 'serviceBus.proxy', says: 'URL' }],
    ['namespace: example.', 'namespace: sb://example.', { path: 'serviceBus.namespace', line: 4, says: 'host name' }],
    ['tenantId: 0f8fad5b-', 'tenantId: ', { path: 'serviceBus.credential.tenantId', line: 6, says: 'GUID' }],
    [
      'certificateFile: relay.pem',
      'certificateFile: relay.pem\n    secretEnv: X',
      { path: 'serviceBus.credential.secretEnv', line: 9, says: 'keep one' },
    ],
    [
      'certificateFile: relay.pem',
      'authorityHost: https://login.microsoftonline.us',
      { path: 'serviceBus.credential', says: 'certificateFile, secretFile or secretEnv' },
    ],
    [
      'namespace: example',
      'connectionStringEnv: X\n  namespace: example',
      { path: 'serviceBus.namespace', line: 5, says: 'keep one' },
    ],
    ['port: 8080', 'port: 80800', { path: 'healthz.port', line: 15, column: 9, says: '65535' }],
    ['privacy: FullyKeyHashed', 'privacy: None', { path: 'log.privacy', says: 'VendorKeyHashed' }],
    ['keyEnv: LOG_KEY', 'keyEnv: "s3cret!"', { path: 'log.keyEnv', says: 'name of an environment variable' }],
    ['concurrency: 64', 'concurrency: many', { path: 'limits.concurrency', says: 'whole number' }],
    ['perMinute: 60', 'perMinute: 0', { path: 'limits.perMinute', says: 'from 1' }],
    ['inTenMinutes: 33%', 'inTenMinutes: 0%', { path: 'limits.inTenMinutes', says: '1% to 100%' }],
    ['inTenMinutes: 33%', 'inTenMinutes: 101%', { path: 'limits.inTenMinutes', says: '1% to 100%' }],
    ['inTenMinutes: 33%', 'inTenMinutes: a third', { path: 'limits.inTenMinutes', says: '1% to 100%' }],
    ['inTenMinutes: 33%', 'inTenMinutes: 0', { path: 'limits.inTenMinutes', says: 'from 1' }],
    ['inTenMinutes: 33%', 'inTenMinutes: [1]', { path: 'limits.inTenMinutes', says: 'single value' }],
    ['  stations: 252\n', '', { path: 'limits.stations', says: 'is missing' }],
    ['nasIpv6Address: 2001:db8::10', 'nasIpv6Address: 10.0.0.1', { path: 'nas[0].match.nasIpv6Address', says: 'IPv6' }],
    ['- name: core', '- name: access', { path: 'nas[1]', says: 'second NAS named access' }],
    ['address: 192.0.2.10', 'address: core.example.org', { path: 'nas[0].address', says: 'host name' }],
    ['sourceAddress: 192.0.2.200', 'sourceAddress: 2001:db8::1', { path: 'nas[0].sourceAddress', says: 'IPv4' }],
    ['secretFile: core.secret', 'secretFile: a\n    secretEnv: B', { path: 'nas[0].secretFile', says: 'keep one' }],
    ['secretFile: core.secret', 'port: 1', { says: 'unique' }],
    ['    secretFile: core.secret\n', '', { path: 'nas[0]', says: 'secretFile or secretEnv' }],
    ['profile: cisco-ios', 'profile: cisco', { path: 'nas[0].profile', says: 'generic-rfc5176, cisco-ios' }],
    ['[NAS-Port]', '[NAS-Prot]', { path: 'nas[0].alsoIdentifyBy[0]', says: 'NAS-Port' }],
    [
      'messageAuthenticator: false',
      'messageAuthenticator: "no"',
      { path: 'nas[0].messageAuthenticator', says: 'true' },
    ],
    ['192.0.2.0/24', '192.0.2.1/24', { path: 'nas[1].match.subnet[0]', says: 'beyond its prefix' }],
    ['192.0.2.0/24', '192.0.2.0/33', { path: 'nas[1].match.subnet[0]', says: 'longer than 32' }],
    ['{ subnet: [192.0.2.0/24, 2001:db8::/32] }', '{}', { path: 'nas[1].match', says: 'at least one of' }],
    [
      '{ subnet: [192.0.2.0/24, 2001:db8::/32] }',
      '{ nasIdentifier: a }',
      { path: 'nas[1].address', says: 'NAS-Identifier alone' },
    ],
    [
      '{ subnet: [192.0.2.0/24, 2001:db8::/32] }',
      '{ nasIpAddress: 192.0.2.11 }',
      { path: 'nas[1].match', says: 'claimed by core too' },
    ],
  ])('%s → %s', (from, to, { says, ...place }) => {
    expect(changed(from, to)).toContainEqual(
      expect.objectContaining({ ...place, problem: expect.stringContaining(says) }),
    );
  });

  test('all at once, in the order of the file', () => {
    const found = problems('site: 1\nserviceBus: {}\nnas: [{ nmae: x }]\n');
    expect(found.length).toBeGreaterThan(6);
    expect(found.map(({ line }) => line)).toEqual(found.map(({ line }) => line).toSorted((a, b) => a - b));
  });

  test('a second document is one', () => {
    expect(problems(`${SMALL_RELAY_YAML}---\n${SMALL_RELAY_YAML}`)).toContainEqual(
      expect.objectContaining({ line: 9, problem: expect.stringContaining('second document') }),
    );
  });

  test.each([
    ['brackets', '['.repeat(20_000)],
    ['keys', Array.from({ length: 2000 }, (_, index) => `key${index}: 1\n`).join('')],
    ['NASes', `${SMALL_RELAY_YAML}${'  - {}\n'.repeat(2000)}`],
  ])('%s without end: the first fifty, and that there are more', (_, text) => {
    expect(problems(text).length).toBeGreaterThan(0);
    expect(problems(text).length).toBeLessThanOrEqual(51);
  });

  test('YAML that is none', () => {
    expect(problems('site: [')).toContainEqual(expect.objectContaining({ line: 1, path: '' }));
    expect(problems('')).not.toEqual([]);
    expect(problems('site: *nowhere')).toContainEqual(expect.objectContaining({ line: 1 }));
  });

  test('the message shows file, line and column', () => {
    expect(() => read(SMALL_RELAY_YAML.replace('hq', '7'))).toThrow(/relay\.yaml:1:7 site: must be text/);
  });
});

describe('whatever the file holds, only the config error is thrown', () => {
  const holds = (text: string): void => {
    for (const { line, column, problem } of problems(text)) {
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
      expect(problem).not.toBe('');
    }
  };

  test('any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), holds));
  });

  test('any YAML value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => holds(stringify(value))));
  });

  test('any value at the known places', () => {
    const any = fc.jsonValue({ maxDepth: 2 });
    const nas = fc.record({ name: any, match: any, address: any, port: any, profile: any }, { requiredKeys: [] });
    const top = fc.record(
      { site: any, serviceBus: any, nas: fc.oneof(any, fc.array(nas)), healthz: any, log: any, limits: any },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(top, (value) => holds(stringify(value))));
  });
});

describe('secrets', () => {
  const config = read(WHOLE_RELAY_YAML);
  const pem = '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n';
  const files: Record<string, string> = { '/etc/relay/relay.pem': pem, '/etc/relay/core.secret': 'core-secret\n' };
  const readFile = (file: string): string => {
    const text = files[file];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  };

  test('come from files beside relay.yaml and from variables, without the line end', () => {
    const env = { ACCESS_SECRET: 'access-secret', LOG_KEY: 'key' };
    const secrets = readRelaySecrets(config, { env, folder: '/etc/relay', readFile });
    expect(secrets).toEqual({
      serviceBus: pem.trim(),
      nas: new Map([
        ['core', 'core-secret'],
        ['access', 'access-secret'],
      ]),
      logKey: 'key',
    });
  });

  test('a thousand that are missing are counted, and fifty-one named', () => {
    const entries = Array.from(
      { length: 1000 },
      (_, index) =>
        `  - { name: s${index}, match: { nasIpAddress: 10.0.${index >> 8}.${index & 255} }, secretFile: s${index}, profile: cisco-ios }\n`,
    );
    const many = read(`site: hq\nserviceBus: { connectionStringEnv: X }\nnas:\n${entries.join('')}`);
    try {
      readRelaySecrets(many, { env: { X: 'Endpoint=sb://x;SharedAccessKey=y' }, folder: '/', readFile });
      expect.unreachable();
    } catch (error) {
      const { message } = error as Error;
      expect(message).toContain('1000 problem(s)');
      expect(message.split('\n')).toHaveLength(53);
      expect(message).toContain('and 949 more');
    }
  });

  test('every one that is missing is named, and none is shown', () => {
    const reading = { env: { CONNECTION: 'hush' }, folder: '/elsewhere', readFile };
    expect(() => readRelaySecrets(config, reading)).toThrow(
      /4 problem.*\n.*relay\.yaml:8:.*relay\.pem.*ENOENT(.|\n)*LOG_KEY is not set/,
    );
    expect(() => readRelaySecrets(read(SMALL_RELAY_YAML), reading)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hush') }),
    );
  });
});

describe('what a NAS needs, and what it must not get', () => {
  const withEntry = (lines: string): string => `${SMALL_RELAY_YAML}${lines}`;

  test('attributes by name and value, and of any vendor', () => {
    const { nas } = read(
      withEntry(`    send:
      - { name: Service-Type, value: Login-User }
      - { name: Service-Type, value: 8 }
      - { name: Cisco-AVPair, value: 'subscriber:x=y' }
      - { vendor: 6027, type: 1, text: bye }
      - { vendor: 6027, type: 2, integer: 7 }
      - { vendor: 6027, type: 3, octets: 0aff }
    omit: [Acct-Session-Id]
`),
    );
    expect(nas[0]?.omit).toEqual(['Acct-Session-Id']);
    expect(nas[0]?.send).toEqual([
      { label: 'Service-Type', type: 6, kind: 'integer', value: 1 },
      { label: 'Service-Type', type: 6, kind: 'integer', value: 8 },
      { label: 'Cisco-AVPair', type: 1, vendor: 9, kind: 'text', value: 'subscriber:x=y' },
      { label: 'vendor 6027 type 1', type: 1, vendor: 6027, kind: 'text', value: 'bye' },
      { label: 'vendor 6027 type 2', type: 2, vendor: 6027, kind: 'integer', value: 7 },
      { label: 'vendor 6027 type 3', type: 3, vendor: 6027, kind: 'octets', value: Buffer.from('0aff', 'hex') },
    ]);
  });

  test.each([
    ['    send: [{ name: Service-Typ, value: 1 }]', 'nas[0].send[0].name'],
    ['    send: [{ name: Service-Type }]', 'nas[0].send[0].value'],
    ['    send: [{ name: Service-Type, value: Log-In }]', 'nas[0].send[0].value'],
    ['    send: [{ name: Event-Timestamp, value: 1 }]', 'nas[0].send[0].name'],
    ['    send: [{ vendor: 6027, type: 1 }]', 'nas[0].send[0]'],
    ['    send: [{ vendor: 6027, text: x }]', 'nas[0].send[0].type'],
    ['    send: [{ vendor: 6027, type: 1, text: x, integer: 1 }]', 'nas[0].send[0]'],
    ['    send: [{ vendor: 6027, type: 1, octets: abc }]', 'nas[0].send[0].octets'],
    ['    send: [{ name: NAS-IP-Address, value: core }]', 'nas[0].send[0]'],
    ['    omit: [NAS-Port]', 'nas[0].omit[0]'],
    ['    omit: [Calling-Station-Id, audit-session-id, Acct-Session-Id]', 'nas[0].omit'],
    ['    omit: [Acct-Session-Id]\n    alsoIdentifyBy: [Acct-Session-Id]', 'nas[0].omit[0]'],
  ])('%s', (lines, path) => {
    expect(problems(withEntry(`${lines}\n`)).map((problem) => problem.path)).toEqual([path]);
  });
});
