// A switch, or an access point: asks the RADIUS server for its stations, opens and closes ports by the answers, sends
// accounting, and carries out RFC 5176 requests. What stands in its sessions is what the network really does.

import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Answer, Credential } from './answer.ts';
import type { RadiusProxy } from './radius-proxy.ts';
import type { Station, StationNas } from './station.ts';

export type CoaTrouble =
  | 'none'
  /** Says nothing. */
  | 'dead'
  /** NAK 506 Resources Unavailable, which passes. */
  | 'busy'
  /** Some packets get lost on the way. */
  | 'lossy';

export interface NasTraits {
  readonly kind: 'switch' | 'access-point';
  /** `reauthenticate` in place (Cisco), or Disconnect-Request after which the station comes back. */
  readonly profile: 'cisco-ios' | 'generic-rfc5176';
  readonly sendsClass: boolean;
  readonly sendsAccounting: boolean;
  /** Accounting of the system, without any of sessions. */
  readonly announcesRestarts: boolean;
  /** Absent: none. */
  readonly interimMs: number | undefined;
  /** Whether Acct-Session-Id stands in the question, too. */
  readonly namesSessionInRequest: boolean;
  readonly namesAuditSession: boolean;
}

export interface GivenAnswer extends Answer {
  readonly credential: Credential;
  /** Device whose certificate was presented. */
  readonly presented: string | undefined;
  readonly at: number;
}

/** A session as the NAS has it: the answer of each credential, and which of them is in force. */
export interface NasSession {
  readonly station: Station;
  readonly port: string;
  readonly acctSessionId: string;
  readonly auditSessionId: string;
  readonly answers: Map<'mab' | 'dot1x', GivenAnswer>;
  /** Ends the alarm of its Session-Timeout. */
  cancelTimeout: () => void;
  cancelInterim: () => void;
  /** Accounting has said Start. */
  started: boolean;
  /** An Access-Accept for it was lost, it asks again soon, and no accounting tells which answer is in force. */
  asksAgain: boolean;
}

/** A record whose Class named an answer of ours. */
export interface AccountedAnswer {
  readonly mac: string;
  readonly outcome: string;
  readonly at: number;
}

/** What a request of RFC 5176 names. */
export interface CoaNames {
  readonly callingStationId?: string | undefined;
  readonly acctSessionId?: string | undefined;
  readonly auditSessionId?: string | undefined;
}

export type CoaVerdict =
  | { readonly kind: 'ack' }
  | { readonly kind: 'nak'; readonly code: number; readonly name: string };

/** A station that was rejected tries again after this (quiet period). */
const QUIET_MS = 60_000;
const RETURN_MS = 2_000;

export class Nas implements StationNas {
  readonly name: string;
  readonly address: string;
  readonly proxy: RadiusProxy;
  readonly traits: NasTraits;
  coaTrouble: CoaTrouble = 'none';
  /** By how much its clock is off. */
  clockOffMs = 0;
  /** The next Access-Accept is lost on its way. */
  dropsAccepts = 0;
  /** The next requests of RFC 5176 are acknowledged, and nothing comes of them. */
  acksInVain = 0;
  /** What its accounting has said of answers in force, by which it proves what it does. */
  readonly accounted: AccountedAnswer[] = [];
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #sessions = new Map<string, NasSession>();
  #count = 0;
  #boots = 0;

  constructor(
    name: string,
    address: string,
    proxy: RadiusProxy,
    traits: NasTraits,
    time: VirtualTime,
    random: SeededRandom,
  ) {
    this.name = name;
    this.address = address;
    this.proxy = proxy;
    this.traits = traits;
    this.#time = time;
    this.#random = random;
  }

  sessions(): readonly NasSession[] {
    return [...this.#sessions.values()];
  }

  /** The answer that the NAS acts on: 802.1X goes before MAB. */
  static inForce({ answers }: NasSession): GivenAnswer | undefined {
    const dot1x = answers.get('dot1x');
    if (dot1x !== undefined && dot1x.outcome !== 'deny') return dot1x;
    return answers.get('mab') ?? dot1x;
  }

  /** A link comes up, or a station associates. */
  connect(station: Station, port: string): void {
    station.place = { nas: this, port };
    this.#begin(station, port);
  }

  /** The station is gone from here. @param silently without a Stop, as when its packet is lost for good */
  disconnect(station: Station, silently = false): void {
    for (const session of this.#of(station)) this.#end(session, silently);
    if (station.place?.nas === this) station.place = undefined;
  }

  /** The station asks again by itself. */
  reauthenticate(station: Station, credential?: Credential): void {
    for (const session of this.#of(station)) this.#ask(session, credential ?? this.#usual(session));
  }

  /** A roam without a question: the key goes along, and with it answer and Class. */
  receiveRoam(station: Station, from: Nas): void {
    const before = from.#of(station)[0];
    // In the middle of its authentication it has no key to roam with.
    if (before === undefined || before.asksAgain) {
      if (before !== undefined) from.#end(before, false);
      this.connect(station, '');
      return;
    }
    const { answers } = before;
    for (const one of this.sessions()) if (one.station.mac === station.mac) this.#end(one, false);
    const session = this.#open(station, '', new Map(answers));
    station.place = { nas: this, port: '' };
    this.#start(session);
    this.#armTimeout(session);
    from.#end(before, this.#random.chance(0.2));
  }

  /** All sessions are over, and accounting says so, if it says anything of that. */
  restart(speaks: boolean): void {
    const announces = speaks && (this.traits.sendsAccounting || this.traits.announcesRestarts);
    const stations = this.sessions().map(({ station, port }) => ({ station, port }));
    for (const session of this.sessions()) this.#forget(session);
    this.#boots += 1;
    if (announces) this.#tell({ status: 'Accounting-On' });
    for (const { station, port } of stations) {
      this.#time.after(this.#random.between(3_000, 30_000), () => {
        if (station.place?.nas === this && this.#of(station).length === 0) this.#begin(station, port);
      });
    }
  }

  /** What RFC 5176 section 3 has it do: every name that is given must be the session's. */
  carryOut(packet: 'CoA-Request' | 'Disconnect-Request', names: CoaNames): CoaVerdict {
    if (this.coaTrouble === 'busy') return { kind: 'nak', code: 506, name: 'Resources Unavailable' };
    const session = this.sessions().find((one) => matches(one, names));
    if (session === undefined) return { kind: 'nak', code: 503, name: 'Session Context Not Found' };
    if (this.acksInVain > 0) {
      this.acksInVain -= 1;
      return { kind: 'ack' };
    }
    if (packet === 'CoA-Request') {
      this.#time.after(this.#random.between(20, 500), () => {
        if (this.#isThere(session)) this.#ask(session, this.#usual(session));
      });
      return { kind: 'ack' };
    }
    const { station, port } = session;
    this.#end(session, false);
    this.#time.after(RETURN_MS + this.#random.below(3_000), () => {
      if (station.place?.nas === this && this.#of(station).length === 0) this.#begin(station, port);
    });
    return { kind: 'ack' };
  }

  #begin(station: Station, port: string): void {
    // An address is at one place of a NAS: its table of addresses has it once.
    for (const session of this.sessions()) if (session.station.mac === station.mac) this.#end(session, false);
    const session = this.#open(station, port, new Map());
    const supplicant = station.credentials.filter((one) => one !== 'mab');
    if (station.credentials.includes('mab')) this.#ask(session, 'mab');
    if (supplicant.length > 0) {
      this.#time.after(this.#random.between(10, 3_000), () => {
        if (this.#isThere(session)) this.#ask(session, this.#random.pick(supplicant));
      });
    }
  }

  #ask(session: NasSession, credential: Credential): void {
    const presented = credential === 'mab' ? undefined : session.station.device;
    const identity = `${session.station.mac} ${credential}`;
    this.proxy.ask(identity, this.#request(session, credential), (answer) => {
      if (!this.#isThere(session)) return;
      if (this.dropsAccepts > 0 && answer.outcome !== 'deny') {
        this.dropsAccepts -= 1;
        // The NAS has heard nothing: what was in force stays so, and only its accounting tells; or it asks again after
        // a while.
        const inForce = Nas.inForce(session);
        const goesOn = this.#tellsWhatIsInForce && session.started && inForce?.class !== undefined;
        session.asksAgain = !goesOn;
        this.#time.after(goesOn ? inForce.seconds * 1000 : 30_000, () => {
          if (this.#isThere(session)) this.#ask(session, credential);
        });
        return;
      }
      session.asksAgain = false;
      session.answers.set(credential === 'mab' ? 'mab' : 'dot1x', {
        ...answer,
        credential,
        presented,
        at: this.#time.now,
      });
      // Its RADIUS server rejected by itself, and nothing here tells what the port runs on: it asks by the next method
      // again.
      const isAsked = answer.given === 'fail-mode' && answer.outcome === 'deny' && credential !== 'mab';
      if (isAsked && !this.#tellsWhatIsInForce && session.answers.delete('mab')) this.#ask(session, 'mab');
      this.#apply(session);
    });
  }

  #apply(session: NasSession): void {
    const answer = Nas.inForce(session);
    if (answer === undefined) return;
    if (answer.outcome === 'deny') {
      const rejected = session.started ? this.#followed(session) : session;
      rejected.cancelTimeout();
      rejected.cancelTimeout = this.#time.after(QUIET_MS, () => {
        if (this.#isThere(rejected)) this.#ask(rejected, this.#usual(rejected));
      });
      return;
    }
    if (session.started) this.#account(this.#record(session, 'Interim-Update'));
    else this.#start(session);
    this.#armTimeout(session);
  }

  #start(session: NasSession): void {
    session.started = true;
    this.#account(this.#record(session, 'Start'));
    const { interimMs } = this.traits;
    if (interimMs === undefined) return;
    const beat = (): void => {
      session.cancelInterim = this.#time.after(interimMs, () => {
        if (!this.#isThere(session) || !session.started) return;
        this.#account(this.#record(session, 'Interim-Update'));
        beat();
      });
    };
    beat();
  }

  /** RFC 3580 3.17: with Termination-Action RADIUS-Request the station is asked again when the time is over. */
  #armTimeout(session: NasSession): void {
    const answer = Nas.inForce(session);
    if (answer === undefined) return;
    session.cancelTimeout();
    const leftMs = answer.at + answer.seconds * 1000 - this.#time.now;
    session.cancelTimeout = this.#time.after(Math.max(1_000, leftMs), () => {
      if (this.#isThere(session)) this.#ask(session, answer.credential);
    });
  }

  #open(station: Station, port: string, answers: NasSession['answers']): NasSession {
    this.#count += 1;
    const id = `${this.#boots.toString(16)}${this.#count.toString(16).padStart(5, '0')}`;
    const session: NasSession = {
      station,
      port,
      acctSessionId: `${this.name}-${id}`,
      auditSessionId: `${this.address}-${id}`,
      answers,
      cancelTimeout: () => undefined,
      cancelInterim: () => undefined,
      started: false,
      asksAgain: false,
    };
    this.#sessions.set(session.acctSessionId, session);
    return session;
  }

  #end(session: NasSession, silently: boolean): void {
    if (session.started && !silently) this.#account(this.#record(session, 'Stop'));
    this.#forget(session);
  }

  /** What comes after a Stop has a name of its own (RFC 2866 5.5), though the port still holds its station. */
  #followed(session: NasSession): NasSession {
    this.#end(session, false);
    return this.#open(session.station, session.port, session.answers);
  }

  #forget(session: NasSession): void {
    session.cancelTimeout();
    session.cancelInterim();
    this.#sessions.delete(session.acctSessionId);
  }

  /** Its accounting says again and again by which answer a session runs. */
  get #tellsWhatIsInForce(): boolean {
    const { sendsAccounting, sendsClass, interimMs } = this.traits;
    return sendsAccounting && sendsClass && interimMs !== undefined;
  }

  #isThere({ acctSessionId }: NasSession): boolean {
    return this.#sessions.has(acctSessionId);
  }

  #of(station: Station): NasSession[] {
    return this.sessions().filter((session) => session.station === station);
  }

  /** What is in force is what is asked for again. */
  #usual(session: NasSession): Credential {
    const { credentials } = session.station;
    return Nas.inForce(session)?.credential ?? credentials.at(-1) ?? 'mab';
  }

  #location(port: string): Record<string, unknown> {
    return {
      nasIpAddress: this.address,
      nasIdentifier: this.name,
      packetSourceIp: this.address,
      nasPortType: this.traits.kind === 'switch' ? 'Ethernet' : 'Wireless-802.11',
      ...(port !== '' && { nasPortId: port }),
    };
  }

  #request(session: NasSession, credential: Credential): Record<string, unknown> {
    const { station, port, acctSessionId, auditSessionId } = session;
    const { namesSessionInRequest, namesAuditSession } = this.traits;
    return {
      ...this.#location(port),
      callingStationId: hyphened(station.mac),
      ...(namesSessionInRequest && { acctSessionId }),
      ...(namesAuditSession && { ciscoAvPairs: [`audit-session-id=${auditSessionId}`] }),
      ...(credential === 'mab'
        ? { method: 'mab', serviceType: 'Call-Check', userName: userNameOf(station, credential) }
        : {
            method: 'eap-tls',
            userName: userNameOf(station, credential),
            certificate: {
              serial: `${station.name}-${credential}`,
              commonName: station.name,
              ...(station.device !== undefined && { sanUri: [`IntuneDeviceId://${station.device}`] }),
            },
          }),
    };
  }

  #record(session: NasSession, status: string): Record<string, unknown> {
    const { station, port, acctSessionId, auditSessionId } = session;
    const answer = Nas.inForce(session);
    const carried = this.traits.sendsClass ? answer?.class : undefined;
    if (answer !== undefined && carried !== undefined && this.traits.sendsAccounting) {
      this.accounted.push({ mac: station.mac, outcome: answer.outcome, at: this.#time.now });
    }
    return {
      status,
      ...this.#location(port),
      acctSessionId,
      callingStationId: hyphened(station.mac),
      userName: userNameOf(station, answer?.credential ?? 'machine'),
      ...(this.traits.namesAuditSession && { auditSessionId }),
      ...(carried !== undefined && { class: carried }),
    };
  }

  #account(record: Readonly<Record<string, unknown>>): void {
    if (this.traits.sendsAccounting) this.#tell(record);
  }

  #tell(record: Readonly<Record<string, unknown>>): void {
    const seconds = Math.max(0, Math.floor((this.#time.now + this.clockOffMs) / 1000));
    const { nasIpAddress, nasIdentifier, packetSourceIp } = this.#location('');
    this.proxy.account({ nasIpAddress, nasIdentifier, packetSourceIp, ...record, eventTime: String(seconds) });
  }
}

function matches({ station, acctSessionId, auditSessionId }: NasSession, names: CoaNames): boolean {
  const mac = names.callingStationId?.replaceAll('-', '').toLowerCase();
  if (mac === undefined && names.acctSessionId === undefined && names.auditSessionId === undefined) return false;
  return (
    (mac === undefined || mac === station.mac) &&
    (names.acctSessionId === undefined || names.acctSessionId === acctSessionId) &&
    (names.auditSessionId === undefined || names.auditSessionId === auditSessionId)
  );
}

function hyphened(mac: string): string {
  return (mac.toUpperCase().match(/../g) ?? []).join('-');
}

/** In the question and in accounting (RFC 2865 5.1). */
function userNameOf({ name, mac }: Station, credential: Credential): string {
  if (credential === 'mab') return mac;
  return credential === 'user' ? `user@${name}` : `host/${name}`;
}
