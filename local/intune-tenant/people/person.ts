// The people of the simulated tenant who may sign in to the console, one of each kind, and what an administrator does
// to them.

import { LocalError } from '../../local-error.ts';

export interface Person {
  /** By which the control port names the person. */
  readonly key: string;
  readonly oid: string;
  readonly name: string;
  readonly userName: string;
  /** App roles of the console's registration. */
  readonly roles: readonly string[];
  /** What the page of the sign-in says of the person. */
  readonly about: string;
}

export class PersonError extends LocalError {}

/** @param site whose operator one of them is */
export function fivePeople(site: string): readonly Person[] {
  return [
    person(1, 'Anna Auditor', ['NAC.Auditor'], 'reads everything, and changes nothing'),
    person(2, 'Olga Operator', ['NAC.Operator'], 'acts on devices and sessions of every site'),
    person(3, 'Ada Administrator', ['NAC.Administrator'], 'also puts policies into force, and releases what is held'),
    person(4, 'Sam Siteoperator', [`NAC.Operator.${site}`], `acts on devices and sessions of the site ${site} alone`),
    person(5, 'Nora Norole', [], 'has no role here'),
  ];
}

function person(number: number, name: string, roles: readonly string[], about: string): Person {
  const key = name.split(' ')[0]?.toLowerCase() ?? '';
  const oid = `5e0f0000-0000-4000-8000-00000000000${number}`;
  return { key, oid, name, userName: `${key}@contoso.example`, roles, about };
}

export class People {
  readonly #people: Map<string, Person>;
  /** Milliseconds since 1970; refresh tokens of before are worth nothing. */
  readonly #revokedAt = new Map<string, number>();
  readonly #now: () => Date;

  constructor(site: string, now: () => Date) {
    this.#people = new Map(fivePeople(site).map((each) => [each.key, each]));
    this.#now = now;
  }

  all(): readonly Person[] {
    return [...this.#people.values()];
  }

  /** @throws PersonError */
  get(key: string): Person {
    const found = this.#people.get(key);
    if (found === undefined) throw new PersonError(`there is no person '${key}': use ${[...this.#people.keys()]}`);
    return found;
  }

  find(key: string | undefined): Person | undefined {
    return key === undefined ? undefined : this.#people.get(key);
  }

  /** New tokens have these roles; old ones stay as they are. @throws PersonError */
  assign(key: string, roles: unknown): Person {
    if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string')) {
      throw new PersonError('roles must be a list such as ["NAC.Auditor"]');
    }
    const changed = { ...this.get(key), roles };
    this.#people.set(key, changed);
    return changed;
  }

  /** No refresh token of the person that there is now gives another token. @throws PersonError */
  revoke(key: string): void {
    this.#revokedAt.set(this.get(key).key, this.#now().getTime());
  }

  isRevoked(key: string, issuedAt: number): boolean {
    return issuedAt <= (this.#revokedAt.get(key) ?? Number.NEGATIVE_INFINITY);
  }
}
