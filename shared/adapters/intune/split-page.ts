// Splits the text of a page of managedDevices into its records. Nearly all of them say what they said last time, and
// that shows in the text: parsing them would cost more than everything else that is done with them.
//
// Graph writes records one like the other: each begins with the same property, and none holds an object. Then the first
// `}` ends a record: it is followed by the beginning of the next one, or by the end of the list. A quote that no
// backslash precedes cannot stand within a text, so what looks like `},{"id":"` is just that: no name that a user gives
// to a device can imitate it. A page that is written otherwise is parsed as a whole.

import { parsedJson } from './parsed-json.ts';

export interface SplitPage {
  /** All but the records: `value` is left empty. */
  readonly envelope: unknown;
  /** Each record as JSON; absent when the page holds no list of records. */
  readonly records?: readonly string[];
}

const LIST = '"value":[';
/** Of a record: its brace and the name of its first property. */
const BEGINNING = /\{"[\w@.]+":/y;
/** Stands where the list was taken out. */
const LIST_OF_RECORDS = 'the records of this page';
/** Characters within which the list begins. */
const LONGEST_HEAD = 4_096;
/** Characters of a record; a longer one is left to the parser. */
const LONGEST_RECORD = 65_536;

/**
 * @param parts of the page, as they came
 * @throws SyntaxError when the page is not JSON
 */
export function splitPage(parts: readonly string[]): SplitPage {
  return splitText(parts) ?? splitParsed(JSON.parse(parts.join('')));
}

/** @returns `undefined` when the page is not written as Graph writes it */
function splitText(parts: readonly string[]): SplitPage | undefined {
  let text = '';
  let taken = 0;
  /** Goes on behind `from`, with one part more; false when that was the last. */
  const goOn = (from: number): boolean => {
    const part = parts[taken];
    if (part === undefined) return false;
    text = text.slice(from) + part;
    taken += 1;
    return true;
  };

  while (text.length < LONGEST_HEAD && goOn(0));
  BEGINNING.lastIndex = text.indexOf(LIST) + LIST.length;
  const head = text.slice(0, BEGINNING.lastIndex);
  const beginning = BEGINNING.exec(text)?.[0];
  if (!head.endsWith(LIST) || beginning === undefined) return undefined;
  const next = `,${beginning}`;

  const records: string[] = [];
  let from = head.length;
  while (true) {
    const to = text.indexOf('}', from) + 1;
    const isCut = to === 0 || text.length < to + next.length;
    if (isCut && text.length - from <= LONGEST_RECORD && goOn(from)) {
      from = 0;
      continue;
    }
    if (to === 0) return undefined;
    records.push(text.slice(from, to));
    if (!text.startsWith(next, to)) break;
    from = to + 1;
  }
  const last = records.at(-1) ?? '';
  const behind = text.slice(from + last.length) + parts.slice(taken).join('');
  // A page that was cut off behind a `}]}` within a text looks whole, but its last record is none.
  if (parsedJson(last) === undefined || !behind.startsWith(']')) return undefined;
  const envelope = parsedJson(`${head.slice(0, -1)}${JSON.stringify(LIST_OF_RECORDS)}${behind.slice(1)}`);
  return isPage(envelope) ? { envelope: { ...envelope, value: [] }, records } : undefined;
}

/** That the list taken out was the page's own, and that nothing is missing around it. */
function isPage(envelope: unknown): envelope is object {
  return typeof envelope === 'object' && envelope !== null && 'value' in envelope && envelope.value === LIST_OF_RECORDS;
}

function splitParsed(page: unknown): SplitPage {
  if (typeof page !== 'object' || page === null || !('value' in page) || !Array.isArray(page.value)) {
    return { envelope: page };
  }
  const { value, ...envelope } = page;
  return { envelope: { ...envelope, value: [] }, records: value.map(recordText) };
}

/**
 * As Graph writes it, so that a page that had to be parsed says of nearly all its records what it said before. A
 * property that holds more than a value is of no use, however deep it goes.
 */
function recordText(record: unknown): string {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'null';
  const plain = Object.entries(record).map(([property, value]): [string, unknown] => {
    return [property, typeof value === 'object' && value !== null ? [] : value];
  });
  return JSON.stringify(Object.fromEntries(plain));
}
