// The RADIUS server of a site: asks the connector within its time, answers by its fail mode when no answer comes, and
// delivers accounting from a spool, one record after the other, until it is taken.

import { RequestError } from '../../../shared/errors.ts';
import type { LookupAnswer } from '../../../shared/lookup/answer-lookup.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Answer } from './answer.ts';

export type FailMode = 'closed' | 'open' | 'last';

/** One instance of the connector, as a front end would pick it. */
export interface Connector {
  lookup(apiKey: string, body: string): Promise<LookupAnswer>;
  accounting(apiKey: string, body: string): Promise<unknown>;
}

export interface AccountingTrouble {
  /** Shares of the records that are lost, delivered twice, or held back for minutes. */
  readonly lost: number;
  readonly doubled: number;
  readonly late: number;
}

/**
 * NAC_TOTAL_TIMEOUT, NAC_ACCT_TOTAL_TIMEOUT, NAC_ACCT_RETRY_INTERVAL of the sample (infra/freeradius/nac.env.example).
 */
const LOOKUP_TIMEOUT_MS = 1_000;
const ACCOUNTING_TIMEOUT_MS = 8_000;
const ACCOUNTING_RETRY_MS = 10_000;
const FALLBACK_SECONDS = 300;
const LAST_DECISION_MS = 900_000;

export class RadiusProxy {
  readonly site: string;
  readonly failMode: FailMode;
  apiKey = '';
  /** What comes and goes, for a trace. */
  tell: (line: string) => void = () => undefined;
  onAnswer: (identity: string, answer: Answer) => void = () => undefined;
  accountingTrouble: AccountingTrouble = { lost: 0, doubled: 0, late: 0 };
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  /** @returns an instance that is up, if there is one */
  readonly #connector: () => Connector | undefined;
  readonly #last = new Map<string, { readonly answer: Answer; readonly at: number }>();
  readonly #spool: Readonly<Record<string, unknown>>[] = [];
  #delivering = false;

  constructor(
    site: string,
    options: { readonly failMode: FailMode; readonly connector: () => Connector | undefined },
    time: VirtualTime,
    random: SeededRandom,
  ) {
    this.site = site;
    this.failMode = options.failMode;
    this.#connector = options.connector;
    this.#time = time;
    this.#random = random;
  }

  /** The record that is to be delivered next. */
  get oldestSpooled(): object | undefined {
    return this.#spool[0];
  }

  /** @param identity under which the last answer is kept @param done is called once, within a second or so */
  ask(identity: string, request: Readonly<Record<string, unknown>>, done: (answer: Answer) => void): void {
    let over = false;
    const end = (answer: Answer): void => {
      if (over) return;
      over = true;
      this.onAnswer(identity, answer);
      this.#time.after(2, () => done(answer));
    };
    this.#time.after(LOOKUP_TIMEOUT_MS, () => end(this.#byFailMode(identity)));
    const connector = this.#connector();
    if (connector === undefined) return;
    connector.lookup(this.apiKey, JSON.stringify(request)).then(
      (answered) => {
        if (over) return;
        const answer = toAnswer(answered);
        this.#last.set(identity, { answer, at: this.#time.now });
        end(answer);
      },
      () => end(this.#byFailMode(identity)),
    );
  }

  account(record: Readonly<Record<string, unknown>>): void {
    const { lost, doubled, late } = this.accountingTrouble;
    // A Start is repeated until it is acknowledged: nothing else says where a station has roamed to.
    if (record['status'] !== 'Start' && this.#random.chance(lost)) {
      this.tell(`accounting lost ${JSON.stringify(record)}`);
      return;
    }
    const times = this.#random.chance(doubled) ? 2 : 1;
    for (let copy = 0; copy < times; copy++) {
      const delayMs = this.#random.chance(late) ? this.#random.between(5_000, 300_000) : this.#random.between(5, 200);
      // Either the NAS has tried for so long, and says so (Acct-Delay-Time), or the record lay in another file of the
      // spool.
      const byNas = this.#random.chance(0.5);
      const receivedAt = this.#time.now + (byNas ? delayMs : 0);
      const delay = byNas && delayMs >= 1_000 ? { delayTime: String(Math.floor(delayMs / 1000)) } : {};
      const asReceived = { ...record, ...delay, receivedTime: seconds(receivedAt) };
      this.#time.after(delayMs, () => this.#put(asReceived));
    }
  }

  #put(record: Readonly<Record<string, unknown>>): void {
    this.#spool.push(record);
    if (!this.#delivering) void this.#deliver();
  }

  async #deliver(): Promise<void> {
    this.#delivering = true;
    while (this.#spool.length > 0) {
      const text = JSON.stringify({ ...this.#spool[0], sentTime: seconds(this.#time.now) });
      const isDelivered = await this.#delivered(text);
      this.tell(`accounting ${isDelivered ? 'delivered' : 'refused'} ${text}`);
      if (isDelivered) this.#spool.shift();
      else await new Promise<void>((resolve) => void this.#time.after(ACCOUNTING_RETRY_MS, resolve));
    }
    this.#delivering = false;
  }

  #delivered(text: string): Promise<boolean> {
    const connector = this.#connector();
    return new Promise((resolve) => {
      const cancel = this.#time.after(ACCOUNTING_TIMEOUT_MS, () => resolve(false));
      const end = (taken: boolean): void => {
        cancel();
        resolve(taken);
      };
      connector?.accounting(this.apiKey, text).then(
        () => end(true),
        // 400: it will not be better the next time.
        (thrown) => end(thrown instanceof RequestError && thrown.status === 400),
      );
    });
  }

  #byFailMode(identity: string): Answer {
    const known = this.#last.get(identity);
    if (this.failMode === 'last' && known !== undefined && this.#time.now - known.at <= LAST_DECISION_MS) {
      return { ...known.answer, seconds: Math.min(known.answer.seconds, FALLBACK_SECONDS), given: 'fail-mode' };
    }
    return this.failMode === 'open'
      ? { outcome: 'permit fallback 999', seconds: FALLBACK_SECONDS, given: 'fail-mode' }
      : { outcome: 'deny', seconds: 60, given: 'fail-mode' };
  }
}

function seconds(milliseconds: number): string {
  return String(Math.floor(milliseconds / 1000));
}

function toAnswer({ decision, sessionTimeoutSeconds }: LookupAnswer): Answer {
  const { outcome, id, standing, device } = decision;
  return {
    outcome: outcome.verdict === 'permit' ? `permit ${outcome.role} ${outcome.vlan}` : 'deny',
    class: id,
    seconds: sessionTimeoutSeconds,
    given: 'connector',
    standing,
    ...(device && { asOf: device.asOf, device: device.id, live: device.live === true }),
  };
}
