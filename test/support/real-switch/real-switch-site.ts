// A site with real switches: hostapd, real stations and the real FreeRADIUS with the shipped sample, in front of
// functions and relay as they ship, and of a simulated tenant.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { IntuneTenant } from '../../../local/intune-tenant/intune-tenant.ts';
import { type LocalStack, type LocalStackOptions, startLocalStack } from '../../../local/local-stack.ts';
import type { EnforcementJob } from '../../../shared/domain/coa/enforcement-job.ts';
import { intuneDeviceUri } from '../freeradius/eapol-test.ts';
import { freeUdpPort } from '../freeradius/free-udp-port.ts';
import { type FreeRadius, type FreeRadiusOptions, startFreeRadius } from '../freeradius/start-freeradius.ts';
import { type FunctionLine, FunctionLines } from '../function-lines.ts';
import { type LookupHttpClient, lookupHttpClient } from '../lookup-http-client.ts';
import { createNamespace, layCable, type Namespace, removeAbandonedNamespaces } from './cable.ts';
import { type ConnectorGateway, startConnectorGateway } from './connector-gateway.ts';
import { type EthernetSwitch, startEthernetSwitch } from './ethernet-switch.ts';
import { startWiredStation, type WiredStation } from './wired-station.ts';

/** A port of a switch of its own, with a cable to a station. */
export interface PluggedStation extends WiredStation {
  readonly at: EthernetSwitch;
  readonly mac: string;
  readonly device: string;
}

interface PortOptions {
  readonly interimSeconds?: number;
  /** The relay has another secret for this switch, which therefore hears nothing. */
  readonly deaf?: boolean;
}

export interface RealSwitchSiteOptions {
  /** By label, letters and digits, at most four. */
  readonly switches: Readonly<Record<string, PortOptions>>;
  /** Names of the devices, each compliant at first. */
  readonly devices: readonly string[];
  readonly stack?: Partial<LocalStackOptions>;
  readonly radius?: Partial<FreeRadiusOptions>;
}

const OTHER_DEVICES = 6;
const JOB_DEADLINE_MS = 40_000;
/** Much of it for a machine on which other tests run; hostapd waits longer. */
const LOOKUP_TIMEOUT_SECONDS = '4.0';

export class RealSwitchSite implements AsyncDisposable {
  readonly lines = new FunctionLines();
  readonly #started = new AsyncDisposableStack();
  readonly #namespaces = new Map<string, Namespace>();
  readonly #plugged = new Map<
    string,
    { readonly address: string; readonly coaPort: number; readonly secret: string }
  >();
  readonly #options: RealSwitchSiteOptions;
  #named = 0;
  #plugging: Promise<unknown> = Promise.resolve();
  #stack: LocalStack | undefined;
  #radius: FreeRadius | undefined;
  #http: LookupHttpClient | undefined;
  #gateway: ConnectorGateway | undefined;
  #folder = '';

  private constructor(options: RealSwitchSiteOptions) {
    this.#options = options;
  }

  static async start(options: RealSwitchSiteOptions): Promise<RealSwitchSite> {
    const site = new RealSwitchSite(options);
    try {
      await site.#start();
      return site;
    } catch (thrown) {
      await site[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async #start(): Promise<void> {
    await removeAbandonedNamespaces();
    this.#folder = await mkdtemp(join(tmpdir(), 'nac-real-switch-'));
    this.#started.defer(() => rm(this.#folder, { recursive: true, force: true }));
    const nas = await this.#chooseAddresses();
    const all = OTHER_DEVICES + this.#options.devices.length;
    const swept = this.lines.next(({ event, devices }) => event === 'poll.run' && devices === all);
    this.#stack = await startLocalStack({
      appFolder: join(import.meta.dirname, '../../..'),
      dataFolder: join(this.#folder, 'stack'),
      fleetSize: OTHER_DEVICES,
      moreNas: nas,
      onTenant: ({ fleet }) => this.#enrol(fleet),
      onLine: (line) => this.lines.add(line),
      ...this.#options.stack,
      env: {
        MINIMUM_ASSURANCE: 'mac',
        // A busy machine is slow to read.
        LOOKUP_DEADLINE: '3s',
        POLL_SCHEDULE: '* * * * * *',
        POLLING_INTERVAL: '1s',
        // Devices are not read one by one: a process that does so takes ten seconds to end.
        HARDWARE_MAX_AGE: 'off',
        ENFORCE_SCHEDULE: '* * * * * *',
        ...this.#options.stack?.env,
      },
    });
    const stack = this.#stack;
    this.#started.defer(() => stack.stop());
    this.#http = lookupHttpClient(stack.url, stack.caFile);
    this.#started.use(this.#http);
    const gateway = await startConnectorGateway(this.#http);
    this.#gateway = gateway;
    this.#started.defer(() => gateway.stop());
    const { baseUrl, caFile } = gateway;
    const radius = await startFreeRadius({
      baseUrl,
      apiKey: stack.apiKey,
      caFile,
      env: { NAC_TOTAL_TIMEOUT: LOOKUP_TIMEOUT_SECONDS },
      ...this.#options.radius,
    });
    this.#radius = radius;
    this.#started.defer(() => radius.stop());
    await swept;
  }

  #enrol(fleet: IntuneTenant['fleet']): void {
    for (const [index, deviceName] of this.#options.devices.entries()) {
      const wiFiMacAddress = `A4BB6D0C00${index.toString(16).padStart(2, '0')}`;
      fleet.add({ deviceName, wiFiMacAddress, ethernetMacAddress: null, complianceState: 'compliant' });
    }
  }

  /** Of the loopback range, by this process. */
  async #chooseAddresses() {
    const { pid } = process;
    const labels = Object.entries(this.#options.switches);
    return Promise.all(
      labels.map(async ([label, { deaf }], index) => {
        const address = `127.${1 + (Math.floor(pid / 250) % 250)}.${pid % 250}.${index + 2}`;
        const [coaPort, secret] = [await freeUdpPort(), randomBytes(16).toString('hex')];
        this.#plugged.set(label, { address, coaPort, secret });
        // hostapd answers from 127.0.0.1, whatever address it was reached at.
        return {
          nasIpAddress: address,
          address: '127.0.0.1',
          port: coaPort,
          secret: deaf ? `other-${secret}` : secret,
          profile: 'generic-rfc5176',
        };
      }),
    );
  }

  get stack(): LocalStack {
    if (this.#stack === undefined) throw new Error('Nothing has been started.');
    return this.#stack;
  }

  get radius(): FreeRadius {
    if (this.#radius === undefined) throw new Error('Nothing has been started.');
    return this.#radius;
  }

  get gateway(): ConnectorGateway {
    if (this.#gateway === undefined) throw new Error('Nothing has been started.');
    return this.#gateway;
  }

  /**
   * Starts the switch, plugs the station in and resolves once its port is open. One after the other: no burst of first
   * logins.
   */
  plugIn(device: string, label: string): Promise<PluggedStation> {
    const plugged = this.#plugging.then(() => this.#plugIn(device, label));
    this.#plugging = plugged.catch(() => undefined);
    return plugged;
  }

  async #plugIn(device: string, label: string): Promise<PluggedStation> {
    const nas = this.#plugged.get(label);
    if (nas === undefined) throw new Error(`There is no switch ${label}.`);
    const namespace = await this.#namespaceOf(device);
    const mac = this.#macOf(device);
    const cable = await layCable(label, namespace, mac);
    const at = await startEthernetSwitch({
      folder: this.#folder,
      name: `switch-${label}`,
      address: nas.address,
      port: cable.switchEnd,
      radius: this.radius,
      coaPort: nas.coaPort,
      coaSecret: nas.secret,
      interimSeconds: this.#options.switches[label]?.interimSeconds ?? 60,
    });
    this.#started.use(at);
    const opened = at.opens(mac);
    const station = await startWiredStation({
      folder: this.#folder,
      namespace,
      plug: cable.stationEnd,
      certificate: await this.radius.deviceAuthority.issueDeviceCertificate({
        commonName: device,
        sanUris: [intuneDeviceUri(this.idOf(device))],
      }),
      radiusCaFile: this.radius.radiusCaFile,
    });
    this.#started.defer(() => station.leave());
    await opened;
    return { ...station, at, mac, device };
  }

  async #namespaceOf(device: string): Promise<Namespace> {
    const known = this.#namespaces.get(device);
    if (known) return known;
    const namespace = await createNamespace(`${this.#named++}`);
    this.#started.defer(() => namespace.remove());
    this.#namespaces.set(device, namespace);
    return namespace;
  }

  idOf(device: string): string {
    return String(this.stack.tenant?.fleet.get(device).id);
  }

  #macOf(device: string): string {
    const mac = String(this.stack.tenant?.fleet.get(device).wiFiMacAddress);
    return mac.toLowerCase().match(/../g)?.join(':') ?? '';
  }

  turn(device: string, complianceState: 'compliant' | 'noncompliant'): void {
    this.stack.tenant?.fleet.patch(device, { complianceState });
  }

  /** Newest first. */
  async jobsOf(device: string, filter = ''): Promise<EnforcementJob[]> {
    const path = `/api/jobs?limit=1000&device=${this.idOf(device)}${filter}`;
    const reply = await this.#http?.send('GET', path, { 'x-api-key': this.stack.operatorKey });
    expect(reply?.status, reply?.body).toBe(200);
    return JSON.parse(reply?.body ?? '').jobs;
  }

  /** Jobs of what is not enforced. */
  notEnforced(device: string): Promise<EnforcementJob[]> {
    return this.jobsOf(device, '&notEnforced=true');
  }

  /**
   * The first of the device's jobs for which this holds; looks again whenever something happens, or a poll has ended.
   * Rejects with the jobs there are when none comes in time.
   */
  async job(
    device: string,
    holds: (job: EnforcementJob) => boolean,
    deadlineMs = JOB_DEADLINE_MS,
  ): Promise<EnforcementJob> {
    const until = Date.now() + deadlineMs;
    while (true) {
      const next = this.lines.next(({ event }) => event === 'enforcement.job' || event === 'poll.run');
      const jobs = await this.jobsOf(device);
      const found = jobs.find(holds);
      if (found !== undefined) return found;
      if (Date.now() > until) {
        const there = jobs.map(storyOf);
        throw new Error(`No such job of ${device} in ${deadlineMs} ms. There are:\n${there.join('\n')}`);
      }
      await next;
    }
  }

  /** Resolves when a poll has ended that much later. */
  async pollAfter(milliseconds: number): Promise<void> {
    const from = Date.now() + milliseconds;
    await this.lines.next(({ event, time }) => event === 'poll.run' && Date.parse(String(time)) > from);
  }

  /** The next line of the functions or the relay for which this holds. */
  next(holds: (line: FunctionLine) => boolean): Promise<FunctionLine> {
    return this.lines.next(holds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync();
  }
}

function storyOf({ id, reason, steps }: EnforcementJob): string {
  return `${id} (${reason}): ${steps.map(({ stage, at }) => `${at.slice(14)} ${stage}`).join(', ')}`;
}
