// One world: sites with their NASes and stations, Intune with its devices, and the processes of the product over
// services in memory. All of it comes from a seed.

import { TableClientStore } from '../../shared/adapters/table-storage/table-client-store.ts';
import type { App } from '../../shared/app.ts';
import { credentialFor, formatApiKey } from '../../shared/domain/client.ts';
import type { Device } from '../../shared/domain/device/device.ts';
import { ConnectorError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/ports/telemetry.ts';
import { readSettings, type Settings } from '../../shared/settings.ts';
import { appOf, connectorOf, runBackground, runRelay, type Services } from './hosts.ts';
import type { Answer, Credential } from './models/answer.ts';
import { IntuneModel, type TrueDevice } from './models/intune.ts';
import { Nas, type NasTraits } from './models/nas.ts';
import { type Connector, type FailMode, RadiusProxy } from './models/radius-proxy.ts';
import { SecondSource } from './models/second-source.ts';
import type { Station } from './models/station.ts';
import { BUILT_IN_POLICY, POLICIES, type WorldPolicy } from './policies.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';
import { Conditions } from './services/conditions.ts';
import { MemoryServiceBus } from './services/memory-service-bus.ts';
import { MemoryStorage } from './services/memory-table-client.ts';
import { INSTANT } from './services/wire.ts';
import { SimProcess } from './sim-process.ts';
import { VirtualTime } from './virtual-time.ts';

export const POLLING_INTERVAL_MS = 3 * 60_000;
const BEGINS_AT = Date.UTC(2026, 10, 30, 8, 0, 0);

const ENV = {
  ENTRA_TENANT_ID: '00000000-0000-4000-8000-00000000000a',
  ENTRA_CLIENT_ID: '00000000-0000-4000-8000-00000000000b',
  ENTRA_CLIENT_SECRET: 'secret',
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
  ServiceBusConnection: 'Endpoint=sb://memory/;SharedAccessKeyName=n;SharedAccessKey=k',
  POLLING_INTERVAL: `${POLLING_INTERVAL_MS / 60_000}m`,
  HARDWARE_MAX_AGE: 'off',
  MASS_CHANGE_DEVICES: '4',
  MASS_CHANGE_PERCENT: '40',
  LOG_IDENTITY_PRIVACY: 'Original',
  // The built-in policy asks for no more evidence than the policies of a world do.
  MINIMUM_ASSURANCE: 'mac',
  WEAK_IDENTITY_ROLE: 'compliant',
  WEAK_IDENTITY_VLAN: '10',
} as const;

const settingsOf = new Map<string, Settings>();

function settings(liveQueries: string): Settings {
  const known = settingsOf.get(liveQueries) ?? readSettings({ ...ENV, LIVE_QUERIES_PER_SECOND: liveQueries });
  settingsOf.set(liveQueries, known);
  return known;
}

/** The id that the directory has for a device of Intune's. */
function entraIdOf(id: string): string {
  return id.replace(/^(.{4})0000/, '$1e1e1');
}

/** A role of every policy of a world. */
const OVERRIDE_ROLE = 'compliant';

/** An override as the truth has it. */
export interface TrueOverride {
  readonly id: string;
  readonly mac?: string;
  readonly device?: string;
  readonly block?: boolean;
  readonly role?: string;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

export type Role = 'http' | 'background' | 'relay';

interface Member {
  readonly role: Role;
  readonly name: string;
  readonly start: (member: Member) => void;
  process: SimProcess;
  app?: App;
  connector?: Connector;
  generation: number;
}

export interface Failure {
  readonly what: string;
  readonly at: number;
}

export class World {
  readonly time = new VirtualTime(BEGINS_AT);
  readonly conditions = new Conditions();
  readonly intune: IntuneModel;
  /** In one world of three. */
  readonly second: SecondSource | undefined;
  readonly proxies: RadiusProxy[] = [];
  readonly nases: Nas[] = [];
  readonly stations: Station[] = [];
  readonly members: Member[] = [];
  readonly failures: Failure[] = [];
  readonly storage = new MemoryStorage(() => this.time.now);
  readonly bus: MemoryServiceBus;
  readonly random: SeededRandom;
  readonly trace: ((line: string) => void) | undefined;
  /** Serial number and address of devices that there are or were, by id. */
  readonly knownDevices = new Map<string, Omit<TrueDevice, 'id' | 'complianceState'>>();
  /** By how much a clock of the product was off at most, so far. */
  largestSkewMs = 0;
  readonly #seed: number;
  readonly #settings: Settings;
  readonly #overrides = new Map<string, TrueOverride>();
  #operatorKey = '';
  #devices = 0;
  #ofSecond = 0;

  constructor(seed: number, trace?: (line: string) => void) {
    this.#seed = seed;
    this.trace = trace;
    this.random = seededRandom(seed, 'world');
    this.#settings = settings(this.random.pick(['0', '20']));
    this.intune = new IntuneModel(this.time, this.random);
    // By numbers of its own, so that every other world is as it was before there was a second source.
    const ofSecond = seededRandom(seed, 'second source');
    this.second = seed % 3 === 1 ? new SecondSource(this.time, ofSecond) : undefined;
    const sites = this.random.pick([['hq'], ['hq', 'branch']]);
    const queue = {
      lockDurationMs: 30_000,
      maxDeliveryCount: 10,
      duplicateDetectionWindowMs: 600_000,
      deadLetterOnExpiry: true,
    };
    const queues = sites.map((site) => ({ name: `coa-${site}`, requiresSession: true, ...queue }));
    this.bus = new MemoryServiceBus([{ name: 'coa-results', ...queue }, ...queues], {
      now: () => this.time.now,
      after: (milliseconds, callback) => this.time.after(milliseconds, callback),
    });
    this.#addSites(sites);
    this.#addStations();
    for (const id of this.knownDevices.keys()) {
      if (ofSecond.chance(0.6)) this.enrolSecond(id, ofSecond.chance(0.75) ? 'compliant' : 'noncompliant');
    }
  }

  /** What the store says is in force: the last word that came through, whether or not its answer was heard. */
  get policy(): WorldPolicy {
    const { activations = [] } = this.storage.policyState();
    const version = activations.at(-1)?.version;
    return POLICIES.find((policy) => policy.version === version) ?? BUILT_IN_POLICY;
  }

  /** As the store has the device, whatever is true by now. */
  stateInStore(id: string, source = 'intune'): unknown {
    return this.storage.dump('devices').find(({ rowKey }) => rowKey === `d|${source}|${id}`)?.['complianceState'];
  }

  /** What the second source says of a device of Intune's. */
  partnerOf(id: string): Device | undefined {
    return this.second?.partnerOf(entraIdOf(id));
  }

  fail(what: string): void {
    this.failures.push({ what, at: this.time.now });
    this.tell(`FAILURE ${what}`);
  }

  tell(line: string): void {
    this.trace?.(`${new Date(this.time.now).toISOString().slice(11, 23)} ${line}`);
  }

  /** Starts everything; the clients are in the store before. */
  async begin(): Promise<void> {
    const clients = new TableClientStore(this.storage.open(INSTANT).clients);
    const random = seededRandom(this.#seed, 'keys');
    const add = async (name: string, site: string, kind: 'radius' | 'administrator'): Promise<string> => {
      const secret = random.hex(32);
      const sessionKey = await clients.sessionKeyOf(site, random.hex(32));
      const credentials = [credentialFor(secret, random.hex(16), new Date(this.time.now).toISOString())];
      await clients.create({ name, site, kind, sessionKey, credentials });
      return formatApiKey(name, secret);
    };
    for (const proxy of this.proxies) proxy.apiKey = await add(`radius-${proxy.site}`, proxy.site, 'radius');
    this.#operatorKey = await add('operator', 'hq', 'administrator');
    for (let index = 1; index <= 2; index++) this.#join('http', `http-${index}`, (member) => this.#startHttp(member));
    this.#join('background', 'background', (member) => this.#startBackground(member));
    for (const { site } of this.proxies) {
      for (let index = 1; index <= this.random.between(1, 2); index++) {
        this.#join('relay', `relay-${site}-${index}`, (member) => this.#startRelay(member, site));
      }
    }
  }

  /** What an operator does through an instance that is up; whatever comes of it. */
  async operate<T>(work: (app: App, key: string) => Promise<T>): Promise<T | undefined> {
    const up = this.members.filter(({ role, process }) => role === 'http' && process.alive);
    const app = up[0]?.app;
    if (app === undefined) return undefined;
    try {
      return await work(app, this.#operatorKey);
    } catch (thrown) {
      this.#noteError('operator', thrown);
      return undefined;
    }
  }

  restart(member: Member): void {
    member.generation += 1;
    const random = seededRandom(this.#seed, `${member.name} ${member.generation}`);
    member.process = new SimProcess(member.name, this.time, this.conditions, random, () => {
      this.tell(`${member.name} ends`);
      this.time.after(random.between(1_000, 30_000), () => this.restart(member));
    });
    this.tell(`${member.name} starts`);
    member.start(member);
  }

  async activate(policy: WorldPolicy, text: string): Promise<void> {
    await this.operate(async (app, key) => {
      const admin = await app.policies(key);
      await admin.upload(policy.version, text);
      await admin.activate(policy.version);
      this.tell(`${policy.version} is in force`);
    });
  }

  async rollBack(): Promise<void> {
    await this.operate(async (app, key) => (await app.policies(key)).rollBack());
  }

  /**
   * Every third is about a device. A role comes by address alone, since that is all that each kind of station can
   * prove.
   */
  async override({ mac, device }: Station, choice: number, lastsMs: number): Promise<void> {
    const about = choice % 3 === 0 && device !== undefined ? { device } : { mac };
    const does = 'mac' in about && choice % 2 === 0 ? { role: OVERRIDE_ROLE } : { block: true };
    const until = new Date(this.time.now + lastsMs).toISOString();
    const body = JSON.stringify({ ...about, ...does, until, reason: 'simulated' });
    const made = await this.operate((app, key) => app.makeOverride(key, body));
    this.tell(`override ${made?.id ?? 'refused, or not heard of'}: ${body}`);
    if (made !== undefined) this.#noteOverride({ ...about, ...does, id: made.id, endsAt: Date.parse(made.until) });
  }

  async endOverride(choice: number): Promise<void> {
    const inForce = this.overrides().filter(({ endsAt }) => endsAt > this.time.now);
    const one = inForce[choice % Math.max(1, inForce.length)];
    if (one === undefined) return;
    const ended = await this.operate((app, key) => app.endOverride(key, one.id));
    if (ended?.endedAt !== undefined) this.#noteOverride({ ...one, endsAt: Date.parse(ended.endedAt) });
  }

  /** Those that an operator has heard of, and those that the store has although no answer came back. */
  overrides(): readonly TrueOverride[] {
    for (const override of this.storage.overrides()) this.#noteOverride(override);
    return [...this.#overrides.values()];
  }

  /** What has ended stays so. */
  #noteOverride(override: TrueOverride): void {
    const endsAt = Math.min(override.endsAt, this.#overrides.get(override.id)?.endsAt ?? override.endsAt);
    this.#overrides.set(override.id, { ...override, endsAt });
  }

  async releaseHeld(): Promise<void> {
    await this.operate(async (app, key) => {
      const { held, otherSources = {} } = await app.pollStatus(key);
      const all = [
        ['intune', held] as const,
        ...Object.entries(otherSources).map(([name, of]) => [name, of.held] as const),
      ];
      for (const [source, runs] of all) {
        for (const { runId, released } of runs) {
          if (released !== undefined) continue;
          await app.releaseHeld(key, JSON.stringify({ runId, source, reason: 'Its source says so.' }));
        }
      }
    });
  }

  /** Everything works again. Clocks of NASes stay as they are: no operator notices them. */
  heal(): void {
    this.tell('HEALED');
    this.conditions.trouble.storage = 'none';
    this.conditions.trouble.serviceBus = 'none';
    this.intune.trouble = 'none';
    if (this.second) this.second.trouble = 'none';
    for (const nas of this.nases) {
      nas.coaTrouble = 'none';
      nas.dropsAccepts = 0;
    }
    for (const proxy of this.proxies) proxy.accountingTrouble = { lost: 0, doubled: 0, late: 0 };
    for (const { process } of this.members) {
      process.skewMs = 0;
      process.reprieve();
    }
    this.#operatorWatches();
  }

  /** In a world that is well an operator lets through what is held: it is true. */
  #operatorWatches(): void {
    this.time.after(60_000, () => {
      void this.releaseHeld();
      this.#operatorWatches();
    });
  }

  /** A device that has not been there before, with the address of the station that it is. */
  enrol(station: Station, complianceState: 'compliant' | 'noncompliant', shares?: string): string {
    this.#devices += 1;
    const digits = this.#devices.toString(16).padStart(4, '0');
    const id = `${digits}0000-0000-4000-8000-00000000${digits}`;
    const serialNumber = shares ?? `SN${station.name}`;
    const marks = { wifiMac: station.mac, serialNumber, ...(this.second && { entraDeviceId: entraIdOf(id) }) };
    this.knownDevices.set(id, marks);
    this.intune.put({ id, complianceState, ...marks });
    station.device = id;
    return id;
  }

  /** The second source gets a record of the device, or has it follow one that had enrolled before. */
  enrolSecond(id: string, complianceState: 'compliant' | 'noncompliant' | 'inGracePeriod', follows?: string): void {
    if (this.second === undefined || this.partnerOf(id) !== undefined) return;
    this.#ofSecond += 1;
    this.second.put(follows ?? String(500_000 + this.#ofSecond), entraIdOf(id), complianceState);
  }

  turn(id: string, complianceState: 'compliant' | 'noncompliant' | 'inGracePeriod', checksIn: boolean): void {
    const known = this.knownDevices.get(id);
    if (known !== undefined && this.intune.get(id) !== undefined) {
      this.intune.put({ id, complianceState, ...known }, checksIn);
    }
  }

  #addSites(sites: readonly string[]): void {
    for (const [index, site] of sites.entries()) {
      const random = seededRandom(this.#seed, `proxy ${site}`);
      const proxy = new RadiusProxy(
        site,
        { failMode: this.random.pick<FailMode>(['closed', 'open', 'last']), connector: () => this.#connector(random) },
        this.time,
        random,
      );
      if (this.trace !== undefined) proxy.tell = (line) => this.tell(`  ${site} ${line}`);
      proxy.onAnswer = (identity, answer) => this.#noteAnswer(identity, answer);
      this.proxies.push(proxy);
      for (let count = this.random.between(2, 3); count > 0; count--) {
        const kind = this.random.pick(['switch', 'access-point'] as const);
        const name = `${site}-${kind === 'switch' ? 'sw' : 'ap'}${count}`;
        const address = `10.${index + 1}.0.${count}`;
        this.nases.push(new Nas(name, address, proxy, this.#traits(kind), this.time, seededRandom(this.#seed, name)));
      }
    }
  }

  #traits(kind: NasTraits['kind']): NasTraits {
    const { random } = this;
    return {
      kind,
      profile: random.pick(['cisco-ios', 'generic-rfc5176'] as const),
      sendsClass: random.chance(0.75),
      // Where an access point accounts for nothing, no server hears of a fast roam.
      sendsAccounting: random.chance(0.75) || kind === 'access-point',
      announcesRestarts: this.#seed % 4 === 2,
      interimMs: random.pick([undefined, 300_000, 600_000]),
      namesSessionInRequest: random.chance(0.5),
      namesAuditSession: random.chance(0.4),
    };
  }

  #addStations(): void {
    const kinds: (readonly Credential[])[] = [['mab'], ['machine'], ['machine', 'user'], ['mab', 'machine']];
    for (let index = this.random.between(4, 8); index > 0; index--) {
      // Globally administered; now and then a random address, and one that another station has, too.
      const digits = index.toString(16).padStart(2, '0');
      const copied = this.random.chance(0.15) ? this.stations.at(-1) : undefined;
      const mac = copied?.mac ?? `${this.random.chance(0.1) ? 'a2' : 'a0'}b1c2d3e4${digits}`;
      const station: Station = {
        name: `pc${index}`,
        mac,
        device: undefined,
        credentials: this.random.pick(kinds),
        place: undefined,
      };
      this.stations.push(station);
      const known = copied !== undefined || this.random.chance(0.85);
      if (known) this.enrol(station, this.random.chance(0.75) ? 'compliant' : 'noncompliant');
    }
    // Devices that never appear on the network: a mass change needs a fleet.
    for (let index = this.random.between(0, 8); index > 0; index--) {
      const mac = `a0b1c2d3f0${index.toString(16).padStart(2, '0')}`;
      this.enrol({ name: `away${index}`, mac, device: undefined, credentials: ['mab'], place: undefined }, 'compliant');
    }
  }

  #join(role: Role, name: string, start: Member['start']): void {
    const process = undefined as unknown as SimProcess;
    const member: Member = { role, name, start, process, generation: 0 };
    this.members.push(member);
    this.restart(member);
  }

  #startHttp(member: Member): void {
    member.app = appOf(member.process, this.#settings, this.#services, this.#log(member.name));
    member.connector = connectorOf(member.process, member.app);
  }

  #startBackground(member: Member): void {
    member.app = appOf(member.process, this.#settings, this.#services, this.#log(member.name));
    runBackground(member.process, member.app, this.bus, (thrown) => this.#noteError(member.name, thrown));
  }

  #startRelay(member: Member, site: string): void {
    const nases = this.nases.filter(({ proxy }) => proxy.site === site);
    runRelay(member.process, site, nases, this.bus, this.#log(member.name));
  }

  get #services(): Services {
    const second = this.second && { source: this.second, pollingIntervalMs: POLLING_INTERVAL_MS };
    return { storage: this.storage, bus: this.bus, intune: this.intune, second };
  }

  #connector(random: SeededRandom): Connector | undefined {
    const up = this.members.filter(({ role, process }) => role === 'http' && process.alive);
    return up.length === 0 ? undefined : random.pick(up).connector;
  }

  /** An error without a code is a fault of the product's own. */
  #noteError(name: string, thrown: unknown): void {
    if (thrown instanceof ConnectorError) this.tell(`${name}: ${thrown.code} ${thrown.message}`);
    else this.fail(`${name} failed without a code: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  }

  #noteAnswer(identity: string, answer: Answer): void {
    this.tell(`answer for ${identity}: ${answer.outcome} ${answer.standing} ${answer.class} (${answer.given})`);
    const lie = this.#lieOfAge(answer);
    if (lie !== undefined) this.fail(`an answer whose age is a lie: ${lie}`);
  }

  /** What is called so as of a moment must have been so at that moment or later, as far as lists may lag behind. */
  #lieOfAge({ device, asOf, standing, live }: Answer): string | undefined {
    if (device === undefined || asOf === undefined || standing === undefined) return undefined;
    const states = live && standing === 'compliant' ? [standing, 'inGracePeriod'] : [standing];
    const times = [this.intune.lastTimeOf(device, states), this.second?.lastTimeOf(entraIdOf(device), states)];
    const known = times.filter((time) => time !== undefined);
    const until = known.length === 0 ? undefined : Math.max(...known);
    const slackMs = Math.max(this.intune.lagMs, this.second?.lagMs ?? 0) + 10_000 + this.largestSkewMs;
    if (until === undefined || Date.parse(asOf) - slackMs <= until) return undefined;
    return `${device} ${standing} as of ${asOf}, but only until ${new Date(until).toISOString()}`;
  }

  #log(name: string): Logger {
    if (this.trace === undefined) return SILENT;
    const line =
      (level: string) =>
      (event: string, fields: Record<string, unknown> = {}): void =>
        this.tell(`  ${name} ${level} ${event} ${JSON.stringify(fields)}`);
    return { info: line('info'), warn: line('warn'), error: line('error') };
  }
}

const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
