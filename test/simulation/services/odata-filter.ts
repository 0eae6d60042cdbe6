// The part of OData that filters of the Table service are written in: comparisons joined by `and`, `or`, `not`,
// parentheses. https://learn.microsoft.com/rest/api/storageservices/querying-tables-and-entities

export type Row = Readonly<Record<string, unknown>>;

export interface Filter {
  readonly matches: (row: Row) => boolean;
  /** Bounds of the keys that every match lies in, as far as the filter's outermost `and` says. */
  readonly partition?: string;
  readonly from?: string;
  readonly to?: string;
}

type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';
type Value = string | number | boolean;

interface Term {
  readonly column: string;
  readonly comparison: Comparison;
  readonly value: Value;
}

const TOKEN = /\s*(?:(\()|(\))|(?:datetime)?'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)(?![\w-])L?|([A-Za-z_][\w-]*))/y;

/** "No more than 15 discrete comparisons are permitted within a $filter string", says the page named above. */
const MOST_COMPARISONS = 15;

/** @throws SyntaxError for what is no filter; the service answers 400 InvalidInput */
export function parseFilter(text: string | undefined): Filter {
  if (text === undefined || text.trim() === '') return { matches: () => true };
  const tokens = tokensOf(text);
  let at = 0;
  let comparisons = 0;
  const bounds: { partition?: string; from?: string; to?: string } = {};

  function either(outermost: boolean): (row: Row) => boolean {
    const first = both(outermost && !tokens.some(({ word }) => word === 'or'));
    const others: ((row: Row) => boolean)[] = [];
    while (tokens[at]?.word === 'or') {
      at += 1;
      others.push(both(false));
    }
    return others.length === 0 ? first : (row) => first(row) || others.some((other) => other(row));
  }

  function both(outermost: boolean): (row: Row) => boolean {
    const parts = [one(outermost)];
    while (tokens[at]?.word === 'and') {
      at += 1;
      parts.push(one(outermost));
    }
    return parts.length === 1 ? (parts[0] as (row: Row) => boolean) : (row) => parts.every((part) => part(row));
  }

  function one(outermost: boolean): (row: Row) => boolean {
    if (tokens[at]?.word === 'not') {
      at += 1;
      const inner = one(false);
      return (row) => !inner(row);
    }
    if (tokens[at]?.open) {
      at += 1;
      const inner = either(outermost);
      if (!tokens[at]?.close) throw new SyntaxError(`")" is missing: ${text}`);
      at += 1;
      return inner;
    }
    const term = comparison();
    if (outermost) narrow(bounds, term);
    return (row) => compare(columnOf(row, term.column), term);
  }

  function comparison(): Term {
    const [column, comparison, value] = [tokens[at]?.word, tokens[at + 1]?.word, tokens[at + 2]?.value];
    if (column === undefined || !isComparison(comparison) || value === undefined) {
      throw new SyntaxError(`no comparison at ${at}: ${text}`);
    }
    at += 3;
    comparisons += 1;
    if (comparisons > MOST_COMPARISONS) throw new SyntaxError(`more than ${MOST_COMPARISONS} comparisons: ${text}`);
    return { column, comparison, value };
  }

  const matches = either(true);
  if (at !== tokens.length) throw new SyntaxError(`more than a filter: ${text}`);
  return { matches, ...bounds };
}

interface Token {
  readonly open?: true;
  readonly close?: true;
  readonly word?: string;
  readonly value?: Value;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const length = text.trimEnd().length;
  while (TOKEN.lastIndex < length) {
    const [, open, close, quoted, number, word] = TOKEN.exec(text) ?? unreadable(text);
    if (open) tokens.push({ open: true });
    else if (close) tokens.push({ close: true });
    else if (quoted !== undefined) tokens.push({ value: quoted.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ value: Number(number) });
    else if (word === 'true' || word === 'false') tokens.push({ value: word === 'true' });
    else if (word !== undefined) tokens.push({ word });
  }
  return tokens;
}

function unreadable(text: string): never {
  throw new SyntaxError(`not a filter: ${text}`);
}

function isComparison(word: string | undefined): word is Comparison {
  return word === 'eq' || word === 'ne' || word === 'gt' || word === 'ge' || word === 'lt' || word === 'le';
}

function columnOf(row: Row, column: string): unknown {
  if (column === 'PartitionKey') return row['partitionKey'];
  if (column === 'Timestamp') return row['timestamp'];
  return column === 'RowKey' ? row['rowKey'] : row[column];
}

/** A column that is not there, or of another type, makes no comparison true. */
function compare(found: unknown, { comparison, value }: Term): boolean {
  if (typeof found !== typeof value) return false;
  const known = found as Value;
  switch (comparison) {
    case 'eq':
      return known === value;
    case 'ne':
      return known !== value;
    case 'gt':
      return known > value;
    case 'ge':
      return known >= value;
    case 'lt':
      return known < value;
    case 'le':
      return known <= value;
  }
}

function narrow(bounds: { partition?: string; from?: string; to?: string }, { column, comparison, value }: Term): void {
  if (typeof value !== 'string') return;
  if (column === 'PartitionKey' && comparison === 'eq') bounds.partition = value;
  if (column !== 'RowKey') return;
  const isLower = comparison === 'ge' || comparison === 'gt' || comparison === 'eq';
  const isUpper = comparison === 'le' || comparison === 'lt' || comparison === 'eq';
  if (isLower && (bounds.from === undefined || value > bounds.from)) bounds.from = value;
  if (isUpper && (bounds.to === undefined || value < bounds.to)) bounds.to = value;
}
