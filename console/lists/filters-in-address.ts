// Filters of a list, in the page's address, so that a link shows the same list. What names a person or a station
// stands behind the #, which no server sees and no log keeps.

/** Filters by name; an absent one filters nothing. */
export type Filters<N extends string> = { readonly [K in N]?: string };

export interface FilterNames<N extends string> {
  readonly open: readonly N[];
  /** Addresses of stations and names of people. */
  readonly personal: readonly N[];
}

/** RFC 2865 5: no attribute is longer, and the API takes no longer text. */
const LONGEST_VALUE = 253;

/** @param address with or without its host */
export function readFilters<N extends string>(names: FilterNames<N>, address: string): Filters<N> {
  const [beforeHash = '', hash = ''] = splitAt(address, '#');
  const [, search = ''] = splitAt(beforeHash, '?');
  // Links that other tools make may have everything in the query: that is read all the same.
  const given = [...new URLSearchParams(search), ...new URLSearchParams(hash)];
  const known = new Set<string>([...names.open, ...names.personal]);
  const filters: Record<string, string> = {};
  for (const [name, value] of given) {
    const text = filterText(value);
    if (known.has(name) && text !== '') filters[name] = text;
  }
  return filters as Filters<N>;
}

/** `?site=berlin#user=anna`, in the order of the names; empty where nothing filters. */
export function filtersAddress<N extends string>(names: FilterNames<N>, filters: Filters<N>): string {
  const open = encode(names.open, filters);
  const personal = encode(names.personal, filters);
  return `${open === '' ? '' : `?${open}`}${personal === '' ? '' : `#${personal}`}`;
}

/** The same filters but for one; an empty text takes it away. */
export function withFilter<N extends string>(filters: Filters<N>, name: N, value: string): Filters<N> {
  const { [name]: _, ...others } = filters;
  const text = filterText(value);
  return (text === '' ? others : { ...others, [name]: text }) as Filters<N>;
}

function encode<N extends string>(names: readonly N[], filters: Filters<N>): string {
  const given = names.flatMap((name): [string, string][] => {
    const value = filters[name];
    return value === undefined || value === '' ? [] : [[name, value]];
  });
  return new URLSearchParams(given).toString();
}

function filterText(value: string): string {
  return value
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, LONGEST_VALUE);
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
