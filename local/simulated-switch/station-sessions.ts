// The stations at the switch: connects, moves and disconnects them, and lets the lookup decide what each one may do.

import { randomInt } from 'node:crypto';
import type { MacAddress } from '../../shared/domain/mac-address.ts';
import { formatMacAddress } from '../../shared/domain/mac-address.ts';
import type { AccessAnswer } from './access-answer.ts';
import { type ConnectorClient, LookupError, type RadiusFields } from './connector-client.ts';
import { type AccountingStatus, accountingFields, lookupFields, type UnansweredSession } from './radius-fields.ts';
import type { StationSession } from './station-session.ts';
import { SwitchError } from './switch-error.ts';
import type { TellSwitchEvent } from './switch-event.ts';

export interface StationSessionsOptions {
  readonly name: string;
  readonly nasIpAddress: string;
  readonly lookup: ConnectorClient['lookup'];
  readonly account: (record: RadiusFields) => Promise<void>;
  /** Milliseconds after which a re-authentication without an answer is tried again; never by default. */
  readonly lookupRetryMs?: number;
  readonly tell: TellSwitchEvent;
}

export class StationSessions {
  readonly #options: StationSessionsOptions;
  readonly #sessions = new Map<MacAddress, StationSession>();
  /** The end of what is under way for a station: one thing at a time happens to each. */
  readonly #underWay = new Map<MacAddress, Promise<unknown>>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #settling = false;
  /** Begins anywhere, so that a restarted switch does not repeat the session ids of the one before. */
  #counter = randomInt(0x1000_0000);

  constructor(options: StationSessionsOptions) {
    this.#options = options;
  }

  list(): readonly StationSession[] {
    return [...this.#sessions.values()];
  }

  /**
   * Plugs the station in; one that is connected already is unplugged first.
   * @param deviceId in the certificate that it shows; without one it comes by MAC authentication bypass
   * @throws SwitchError if the lookup denies it or does not answer
   */
  connect(mac: MacAddress, port?: string, deviceId?: string): Promise<StationSession> {
    return this.#inTurn(mac, async () => {
      const before = this.#sessions.get(mac);
      if (before !== undefined) await this.#end(before);
      return await this.#open(mac, port ?? before?.port ?? this.#freePort(), deviceId);
    });
  }

  /** @throws SwitchError if it is not connected */
  disconnect(mac: MacAddress): Promise<StationSession> {
    return this.#inTurn(mac, async () => {
      const session = this.#connected(mac);
      await this.#end(session);
      return session;
    });
  }

  /**
   * A fast roam: the session goes on at another NAS, which asks no lookup and says Start before the old one says Stop.
   * @throws SwitchError if the station is not connected
   */
  roam(mac: MacAddress, nasIdentifier: string): Promise<StationSession> {
    return this.#inTurn(mac, async () => {
      const before = this.#connected(mac);
      const session = { ...before, nasIdentifier, ...this.#sessionIds() };
      this.#sessions.set(mac, session);
      await this.#account('Start', session);
      await this.#account('Stop', before);
      this.#tell('roamed', session);
      return session;
    });
  }

  /** Asks the lookup again for this session and takes the answer, which goes to the listeners and is not returned. */
  reauthenticate(session: StationSession): Promise<void> {
    return this.#inTurn(session.mac, async () => {
      if (!this.#isCurrent(session)) return;
      let answer: AccessAnswer;
      try {
        answer = await this.#ask(session);
      } catch (error) {
        if (!(error instanceof SwitchError)) throw error;
        // Reported already; the station keeps what it has until another answer comes.
        this.#askAgainLater(session);
        return;
      }
      if (!this.#isCurrent(session)) return;
      if (answer.verdict === 'deny') {
        this.#tell('rejected', { ...session, role: undefined, vlan: undefined });
        await this.#end(session);
        return;
      }
      const renewed = { ...session, ...answer.permit };
      this.#sessions.set(session.mac, renewed);
      await this.#account('Interim-Update', renewed);
      this.#tell('reauthenticated', renewed);
    });
  }

  /**
   * Ends this session at once, and lets the station come back as stations do; how that went goes to the listeners and
   * is not returned.
   */
  async dropAndReconnect(session: StationSession): Promise<void> {
    if (!this.#isCurrent(session)) return;
    this.#sessions.delete(session.mac);
    await this.#inTurn(session.mac, async () => {
      await this.#ended(session);
      // A test may have plugged it in again meanwhile.
      if (this.#sessions.has(session.mac)) return;
      await this.#open(session.mac, session.port, session.deviceId).catch((error: unknown) => {
        // A refusal has been reported already.
        if (!(error instanceof SwitchError)) throw error;
      });
    });
  }

  /** Asks no more; resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    this.#settling = true;
    for (const timer of this.#retries) clearTimeout(timer);
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay.values());
  }

  /** As a switch does whose RADIUS server is dead: the session goes on, and is authenticated again once it is back. */
  #askAgainLater(session: StationSession): void {
    const { lookupRetryMs } = this.#options;
    if (lookupRetryMs === undefined || this.#settling) return;
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      void this.reauthenticate(session);
    }, lookupRetryMs);
    this.#retries.add(timer);
  }

  async #open(mac: MacAddress, port: string, deviceId: string | undefined): Promise<StationSession> {
    const nasPort = nasPortOf(port);
    const asking = {
      mac,
      callingStationId: formatMacAddress(mac),
      userName: deviceId === undefined ? mac : `host/${deviceId}`,
      ...(deviceId !== undefined && { deviceId }),
      port,
      ...(nasPort !== undefined && { nasPort }),
      nasIdentifier: this.#options.name,
      ...this.#sessionIds(),
    };
    const answer = await this.#ask(asking);
    if (answer.verdict === 'deny') {
      this.#tell('rejected', asking);
      throw new SwitchError(
        403,
        'denied',
        `the lookup denies ${asking.callingStationId}: have its policy permit the station, then connect it again`,
      );
    }
    const session = { ...asking, ...answer.permit, connectedAt: new Date().toISOString() };
    this.#sessions.set(mac, session);
    await this.#account('Start', session);
    this.#tell('connected', session);
    return session;
  }

  async #ask(session: UnansweredSession): Promise<AccessAnswer> {
    try {
      return await this.#options.lookup(lookupFields(session, this.#options.nasIpAddress));
    } catch (error) {
      if (!(error instanceof LookupError)) throw error;
      this.#options.tell({ event: 'lookup-failed', mac: session.callingStationId, message: error.message });
      throw new SwitchError(
        502,
        'lookup_failed',
        `${error.message}; see to the lookup, then connect the station again`,
      );
    }
  }

  async #end(session: StationSession): Promise<void> {
    this.#sessions.delete(session.mac);
    await this.#ended(session);
  }

  async #ended(session: StationSession): Promise<void> {
    await this.#account('Stop', session);
    this.#tell('disconnected', session);
  }

  #account(status: AccountingStatus, session: StationSession): Promise<void> {
    return this.#options.account(accountingFields(status, session, this.#options.nasIpAddress, new Date()));
  }

  #tell(
    event: 'connected' | 'rejected' | 'roamed' | 'reauthenticated' | 'disconnected',
    session: UnansweredSession & { readonly role?: string | undefined; readonly vlan?: string | undefined },
  ): void {
    const { callingStationId: mac, port, role, vlan, acctSessionId, nasIdentifier } = session;
    const answer = role === undefined || vlan === undefined ? {} : { role, vlan };
    this.#options.tell({ event, mac, port, ...answer, acctSessionId, nasIdentifier });
  }

  #connected(mac: MacAddress): StationSession {
    const session = this.#sessions.get(mac);
    if (session !== undefined) return session;
    throw new SwitchError(
      404,
      'not_connected',
      `${formatMacAddress(mac)} is not connected: use POST /connect first; GET /sessions lists who is`,
    );
  }

  #isCurrent({ mac, acctSessionId }: StationSession): boolean {
    return this.#sessions.get(mac)?.acctSessionId === acctSessionId;
  }

  #inTurn<T>(mac: MacAddress, act: () => Promise<T>): Promise<T> {
    const turn = (this.#underWay.get(mac) ?? Promise.resolve()).then(act, act);
    this.#underWay.set(mac, turn);
    const forget = () => {
      if (this.#underWay.get(mac) === turn) this.#underWay.delete(mac);
    };
    turn.then(forget, forget);
    return turn;
  }

  /** As Cisco forms them: a counter; and the address of the switch, the counter, and a time. */
  #sessionIds(): Pick<StationSession, 'acctSessionId' | 'auditSessionId'> {
    this.#counter++;
    const acctSessionId = hexadecimal(this.#counter);
    const address = this.#options.nasIpAddress.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
    const auditSessionId = `${address.join('').toUpperCase()}${acctSessionId}${hexadecimal(Date.now() % 2 ** 32)}`;
    return { acctSessionId, auditSessionId };
  }

  #freePort(): string {
    const taken = new Set(this.list().map(({ port }) => port));
    let number = 1;
    while (taken.has(portName(number))) number++;
    return portName(number);
  }
}

function portName(number: number): string {
  return `Gi1/0/${number}`;
}

/** Cisco numbers the ports of the first stack member from 50101. */
function nasPortOf(port: string): number | undefined {
  const number = /^Gi1\/0\/([1-9][0-9]{0,2})$/.exec(port)?.[1];
  return number === undefined ? undefined : 50_100 + Number(number);
}

function hexadecimal(number: number): string {
  return number.toString(16).toUpperCase().padStart(8, '0');
}
