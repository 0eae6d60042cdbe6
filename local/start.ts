// `npm start`: builds the function app, starts everything on this machine, and prints commands to try.

import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { buildFunctionApp } from '../scripts/build-function-app.ts';
import { formatMacAddress, parseMacAddress } from '../shared/domain/mac-address.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';

const USAGE = `npm start -- [--port <lookup port>] [--fleet <devices>] [--func] [--verbose]`;

const root = join(import.meta.dirname, '..');

const options = readOptions();
console.log('\nServerless NAC connector, everything on this machine\n');
show('Function app built', relative(root, await buildFunctionApp()));

const firstSweep = Promise.withResolvers<SweepLine>();
let stack: LocalStack;
try {
  stack = await startLocalStack({
    appFolder: root,
    dataFolder: join(root, '.local'),
    env: process.env,
    port: options.port,
    fleetSize: options.fleet,
    coreTools: options.func,
    onProgress: show,
    onLine: readLine,
  });
} catch (thrown) {
  console.error(`\n${thrown instanceof Error ? thrown.message : thrown}\n`);
  process.exit(1);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);

const sweep = await firstSweep.promise;
show('First sweep', `${sweep.devices} devices read, ${sweep.saved} saved`);
console.log(await commands(stack));

interface SweepLine {
  readonly devices: number;
  readonly saved: number;
}

function readOptions(): { port: number; fleet: number; func: boolean; verbose: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        fleet: { type: 'string', default: '500' },
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
  if (!Number.isInteger(value) || value < 0 || value > most) throw new Error(`${name} must be a number up to ${most}.`);
  return value;
}

function show(what: string, where: string): void {
  console.log(`  ${what.padEnd(28)} ${where}`);
}

/** Lines of the functions: warnings and changes are worth seeing, the rest only with --verbose. */
function readLine(line: string): void {
  const event = parseEvent(line);
  if (event?.['event'] === 'poll.run') firstSweep.resolve(event as unknown as SweepLine);
  if (options.verbose || event?.['level'] === 'warn' || event?.['level'] === 'error') console.log(`    ${line}`);
  else if (event?.['event'] === 'device.changed' && event['before']) showChange(event);
}

function showChange({ device, before, after }: Record<string, unknown>): void {
  const state = (standing: unknown): string => (standing as { complianceState: string }).complianceState;
  show('Poll saw a change', `${device}: ${state(before)} -> ${state(after)}`);
}

function parseEvent(line: string): Record<string, unknown> | undefined {
  try {
    return line.startsWith('{') ? JSON.parse(line) : undefined;
  } catch {
    return undefined;
  }
}

async function commands({ url, tenant, caFile, apiKeyFile }: LocalStack): Promise<string> {
  const file = (path: string): string => relative(process.cwd(), path);
  const curl = `curl -s --cacert ${file(caFile)} --header @${file(apiKeyFile)}`;
  const mac = formatMacAddress(parseMacAddress(tenant ? deviceMac(tenant) : '') ?? ('001122334455' as never));
  const body = `'{"method":"mab","userName":"${mac}","callingStationId":"${mac}"}'`;
  const lookup = `${curl} ${url}/api/lookup --json ${body}`;
  return [
    '\nLook up a device, as a RADIUS server does for MAC authentication:',
    `\n  ${lookup}`,
    ...(tenant
      ? [
          '\nMake it noncompliant in the simulated tenant:',
          `\n  curl -s -X PATCH ${tenant.controlUrl}/devices/NAC-00001 --json '{"complianceState":"noncompliant"}'`,
          '\nLook it up again after the next poll (ten seconds at most); as FreeRADIUS gets it, in one line:',
          `\n  ${lookup.replace('--json', "--header 'accept: text/plain' --header 'content-type: application/json' --data")}`,
        ]
      : ['\nPut in the MAC address of a device of yours.']),
    '\nCtrl-C stops everything.\n',
  ].join('\n');
}

function deviceMac(tenant: NonNullable<LocalStack['tenant']>): string {
  return String(tenant.fleet.get('NAC-00001')?.wiFiMacAddress ?? '');
}

async function stop(): Promise<void> {
  console.log('\nStopping …');
  await stack.stop();
  process.exit(0);
}
