// `npm start`: builds the function app, starts everything on this machine, and prints commands to try.

import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { buildFunctionApp } from '../scripts/build-function-app.ts';
import { CERTIFICATE_SOURCE } from '../shared/domain/identity/certificate-source.ts';
import { formatMacAddress, parseMacAddress } from '../shared/domain/mac-address.ts';
import { ConnectorError } from '../shared/errors.ts';
import { requireCoreTools } from './core-tools.ts';
import { MDM_CERTIFICATE_PREFIX } from './local-mdm.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';
import { readAppLine } from './read-app-line.ts';
import type { SwitchEvent } from './simulated-switch/switch-event.ts';

const USAGE = `npm start -- [--port <lookup port>] [--fleet <devices>] [--mdm] [--func] [--verbose]`;

const ROOT = join(import.meta.dirname, '..');

const options = readOptions();
if (options.func) await requireCoreTools().catch(giveUp);
console.log('\nServerless NAC connector, everything on this machine\n');
show('Function app built', relative(ROOT, await buildFunctionApp()));

const firstSweep = Promise.withResolvers<SweepLine>();
let stack: LocalStack;
// Before all is ready: what was started goes with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  stack = await startLocalStack({
    appFolder: ROOT,
    dataFolder: join(ROOT, '.local', String(process.pid)),
    env: process.env,
    port: options.port,
    fleetSize: options.fleet,
    mdm: options.mdm,
    coreTools: options.func,
    onProgress: show,
    onLine: readLine,
    onSwitchEvent: showSwitchEvent,
    onFailure: fail,
  });
} catch (thrown) {
  giveUp(thrown);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(signal).once(signal, stop);

const sweep = await firstSweep.promise;
show('First sweep', `${sweep.devices} devices read, ${sweep.saved} saved`);
console.log(commands(stack));

interface SweepLine {
  readonly devices: number;
  readonly saved: number;
}

function readOptions(): { port: number; fleet: number; mdm: boolean; func: boolean; verbose: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        fleet: { type: 'string', default: '500' },
        mdm: { type: 'boolean', default: false },
        func: { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
      },
    });
    const port = wholeNumber('--port', values.port, 65_535);
    return { ...values, port, fleet: wholeNumber('--fleet', values.fleet, 1_000_000) };
  } catch (thrown) {
    console.error(`${thrown instanceof Error ? thrown.message : thrown}\nUsage: ${USAGE}`);
    process.exit(2);
  }
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) throw new Error(`${name} must be a number up to ${most}.`);
  return value;
}

function giveUp(thrown: unknown): never {
  console.error(`\n${explanationOf(thrown)}\n`);
  process.exit(1);
}

function explanationOf(thrown: unknown): string {
  if (!(thrown instanceof ConnectorError)) return thrown instanceof Error ? thrown.message : String(thrown);
  const { code, message, action } = thrown;
  return `${message.startsWith(code) ? message : `${code}: ${message}`}\n${action}`;
}

function show(what: string, where: string): void {
  console.log(`  ${what.padEnd(28)} ${where}`);
}

/** Lines of functions and relay: changes, jobs, warnings and whatever is no log line; the rest only with --verbose. */
function readLine(line: string): void {
  if (line.startsWith('functions-host ready')) return;
  const event = readAppLine(line);
  if (event?.['event'] === 'poll.run' && event['source'] === CERTIFICATE_SOURCE)
    firstSweep.resolve(event as unknown as SweepLine);
  if (event?.['event'] === 'device.changed' && event['before']) showChange(event);
  else if (event?.['event'] === 'enforcement.job') show('CoA job', `${event['stage']} (${event['job']})`);
  else if (options.verbose || event === undefined || event['level'] !== 'info') console.log(`    ${line}`);
}

/** A poll also learns addresses and names; what decides who gets on is worth a line. */
function showChange({ device, before, after, fields }: Record<string, unknown>): void {
  const state = (standing: unknown): string => (standing as { complianceState: string }).complianceState;
  if (!options.verbose && state(before) === state(after)) return;
  show('Poll saw a change', `${device}: ${state(before)} -> ${state(after)} (${(fields as string[]).join(', ')})`);
}

function showSwitchEvent({ event, mac, role, answer }: SwitchEvent): void {
  if (event.startsWith('accounting')) return;
  show('Switch', [event, mac, role && `role ${role}`, answer].filter(Boolean).join(' '));
}

/** Half of it running would answer from a store that is never filled. */
async function fail(what: string): Promise<void> {
  console.error(`\n${what} The rest is stopped.`);
  await stack.stop();
  process.exit(1);
}

function commands({
  url,
  tenant,
  mdm,
  caFile,
  apiKeyFile,
  operatorKeyFile,
  iseKeyFile,
  switch: networkSwitch,
}: LocalStack): string {
  const file = (path: string): string => relative(process.cwd(), path);
  const { mac, id } = firstDevice(tenant);
  const curl = (key: string): string => `curl -s --cacert ${file(caFile)} --header @${file(key)}`;
  const ask = (question: object, callingStationId = mac): string =>
    `${curl(apiKeyFile)} ${url}/api/lookup --json '${JSON.stringify({ ...question, callingStationId })}'`;
  const byCertificate = ask({ method: 'eap-tls', certificate: { sanUri: [`IntuneDeviceId://${id}`] } });
  const steps: [string, string][] = [
    ['Look up a device, as a RADIUS server does for EAP-TLS:', byCertificate],
    ['The same device by its MAC address alone, which anybody can copy:', ask({ method: 'mab', userName: mac })],
    [
      'Connect it to the switch, with its certificate:',
      `curl -s ${networkSwitch.controlUrl}/connect --json '{"mac":"${mac}","deviceId":"${id}"}'`,
    ],
    ...(tenant
      ? [['Make it noncompliant, and watch the CoA here within ten seconds:', flip(tenant)] as [string, string]]
      : []),
    ['See what became of the CoA job:', `${curl(operatorKeyFile)} "${url}/api/jobs?limit=1"`],
    ['Look the device up again:', byCertificate],
    ...(mdm ? stepsOfMdm(mdm, ask, networkSwitch.controlUrl, `${curl(iseKeyFile)} "${url}`) : []),
  ];
  return `\n${steps.map(([what, command]) => `${what}\n\n  ${command}\n`).join('\n')}\nCtrl-C stops everything.\n`;
}

/** The same with a device that only the second source knows. */
function stepsOfMdm(
  { fleet, controlUrl }: NonNullable<LocalStack['mdm']>,
  ask: (question: object, callingStationId: string) => string,
  switchUrl: string,
  asIse: string,
): [string, string][] {
  const [first] = fleet.all();
  if (first === undefined) return [];
  const [address = ''] = first.macAddresses;
  const mac = (address.match(/../g) ?? []).join('-');
  const sanUri = `${MDM_CERTIFICATE_PREFIX}${first.guid}`;
  return [
    [
      'Look up a device that the MDM server alone knows:',
      ask({ method: 'eap-tls', certificate: { sanUri: [sanUri] } }, mac),
    ],
    ['Connect it to the switch, by its address:', `curl -s ${switchUrl}/connect --json '{"mac":"${mac}"}'`],
    [
      'Make it noncompliant there, and watch the CoA here within half a minute:',
      `curl -s -X PATCH ${controlUrl}/devices/${first.name} --json '{"compliant":false}'`,
    ],
    [
      'Ask for it as Cisco ISE does, by its GUID:',
      `${asIse}/ciscoise/mdmapi/v3/devices/?paging=0&querycriteria=guid&value=${first.guid}&filter=all"`,
    ],
    [
      'Read the list of noncompliant devices as Cisco ISE does:',
      `${asIse}/ciscoise/mdmapi/v3/devices/?paging=0&querycriteria=compliance&value=false&deviceidentifier=guid&filter=all"`,
    ],
  ];
}

function flip({ controlUrl }: NonNullable<LocalStack['tenant']>): string {
  return `curl -s -X PATCH ${controlUrl}/devices/NAC-00001 --json '{"complianceState":"noncompliant"}'`;
}

/** Any address and id will do where there is no device: it is simply not enrolled. */
function firstDevice(tenant: LocalStack['tenant']): { readonly mac: string; readonly id: string } {
  const [first] = tenant?.fleet.list({ limit: 1 }).value ?? [];
  const mac = parseMacAddress(first?.wiFiMacAddress ?? '') ?? parseMacAddress('00-00-5E-00-53-01');
  return {
    mac: mac === undefined ? '' : formatMacAddress(mac),
    id: first?.id ?? '00000000-0000-4000-8000-000000000001',
  };
}

async function stop(): Promise<void> {
  console.log('\nStopping …');
  await stack.stop();
  process.exit(0);
}
