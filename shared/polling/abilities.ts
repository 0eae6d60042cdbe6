// Which of its abilities a source has.

import type { MdmSource } from '../ports/mdm-source.ts';

export type Ability = Exclude<keyof MdmSource, 'name' | 'isDeviceId'>;

/** What a flow works with that needs these abilities. */
export interface Able<A extends Ability> {
  readonly source: MdmSource & { readonly [Has in A]: NonNullable<MdmSource[Has]> };
}

export function hasAbility<Deps extends { readonly source: MdmSource }, A extends Ability>(
  deps: Deps,
  ability: A,
): deps is Deps & Able<A> {
  return deps.source[ability] !== undefined;
}
