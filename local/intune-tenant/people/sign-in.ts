// What the authority knows of sign-ins under way: codes, which are good once, and refresh tokens, which end a day after
// the sign-in however often they are renewed ("Refresh tokens in the Microsoft identity platform").

import { createHash, randomBytes } from 'node:crypto';
import { LocalError } from '../../local-error.ts';
import type { People, Person } from './person.ts';

export interface CodeOf {
  readonly person: string;
  readonly redirectUri: string;
  /** Code challenge of PKCE, by S256 (RFC 7636). */
  readonly challenge: string;
  readonly scope: string;
  readonly nonce: string | undefined;
}

export interface RefreshOf {
  readonly person: string;
  readonly scope: string;
  /** Milliseconds since 1970, as `endsAt`. */
  readonly issuedAt: number;
  readonly endsAt: number;
}

export interface SignInTimes {
  readonly accessTokenSeconds: number;
  readonly refreshTokenSeconds: number;
}

export class SignInError extends LocalError {}

const USUAL_TIMES: SignInTimes = { accessTokenSeconds: 4_500, refreshTokenSeconds: 86_400 };
const CODE_MS = 10 * 60_000;
/** Codes, and refresh tokens, kept at once; the oldest goes first. */
const MOST_KEPT = 5_000;

export class SignIns {
  readonly people: People;
  readonly #codes = new Map<string, CodeOf & { readonly endsAt: number }>();
  readonly #refreshTokens = new Map<string, RefreshOf>();
  readonly #now: () => Date;
  #times = USUAL_TIMES;

  constructor(people: People, now: () => Date) {
    this.people = people;
    this.#now = now;
  }

  get times(): SignInTimes {
    return this.#times;
  }

  /** Of tokens that are given from now on. @throws SignInError */
  changeTimes(change: Readonly<Record<string, unknown>>): SignInTimes {
    for (const [name, value] of Object.entries(change)) {
      if (!Object.hasOwn(USUAL_TIMES, name)) {
        throw new SignInError(`sign-ins have no '${name}': use ${Object.keys(USUAL_TIMES).join(', ')}`);
      }
      if (!Number.isInteger(value) || Number(value) < 1) throw new SignInError(`${name} must be whole seconds`);
    }
    this.#times = { ...this.#times, ...change };
    return this.#times;
  }

  giveCode(about: CodeOf): string {
    return keep(this.#codes, { ...about, endsAt: this.#now().getTime() + CODE_MS });
  }

  /** Once. @returns `undefined` for one that is unknown, used or too old */
  takeCode(code: string): CodeOf | undefined {
    const about = this.#codes.get(code);
    this.#codes.delete(code);
    return about !== undefined && about.endsAt > this.#now().getTime() ? about : undefined;
  }

  /** @param endsAt of the one that it renews, milliseconds since 1970 */
  giveRefreshToken(person: Person, scope: string, endsAt?: number): string {
    const issuedAt = this.#now().getTime();
    const end = endsAt ?? issuedAt + this.#times.refreshTokenSeconds * 1000;
    return keep(this.#refreshTokens, { person: person.key, scope, issuedAt, endsAt: end });
  }

  readRefreshToken(token: string): RefreshOf | undefined {
    return this.#refreshTokens.get(token);
  }
}

export function provesChallenge(verifier: string, challenge: string): boolean {
  return createHash('sha256').update(verifier).digest('base64url') === challenge;
}

function keep<T>(kept: Map<string, T>, value: T): string {
  const name = randomBytes(24).toString('base64url');
  kept.set(name, value);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value ?? '');
  return name;
}
