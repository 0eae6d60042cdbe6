// How the fields of a record lie in the columns of its row: one kind of column for each way. Row and record are made
// from one table of columns, so that no field can be written and not read.

type ColumnValue = string | number | boolean;

export interface Column<Value> {
  /** `undefined` leaves the column out. */
  readonly write: (value: Value) => ColumnValue | undefined;
  /** @throws DamagedColumn where the row holds nothing that this field can be */
  readonly read: (stored: unknown) => Value;
}

/** A column for each field of a record; a field that may be absent needs a column that may be without a value. */
export type Columns<Fields> = {
  readonly [Field in keyof Fields]-?: Column<
    object extends Pick<Fields, Field> ? Fields[Field] | undefined : Fields[Field]
  >;
};

/** The row was not written from this table of columns. */
export class DamagedColumn extends Error {}

export const text: Column<string> = required((stored) => (typeof stored === 'string' ? stored : undefined));

export const count: Column<number> = required((stored) => (typeof stored === 'number' ? stored : undefined));

/** False, too, where the row says nothing. */
export const flagColumn: Column<boolean> = { write: asItIs, read: (stored) => stored === true };

/** Without a column where it is absent. */
export const optionalText: Column<string | undefined> = {
  write: asItIs,
  read: (stored) => (typeof stored === 'string' ? stored : undefined),
};

/** Without a column where it is absent. */
export const optionalFlag: Column<boolean | undefined> = {
  write: asItIs,
  read: (stored) => (typeof stored === 'boolean' ? stored : undefined),
};

/** Its column is always there. */
export const trueOrAbsent: Column<true | undefined> = {
  write: (value) => value === true,
  read: (stored) => stored === true || undefined,
};

/** Its column is always there, empty where the text is absent. */
export const clearableText: Column<string | undefined> = {
  write: (value) => value ?? '',
  read: (stored) => (typeof stored === 'string' && stored !== '' ? stored : undefined),
};

/** A field of fixed words. */
export function wordColumn<Word extends string>(words: readonly Word[]): Column<Word> {
  return required((stored) => words.find((each) => each === stored));
}

/** JSON in a column that is always there, empty where the value is absent. */
export function clearableJson<Value>(): Column<Value | undefined> {
  return {
    write: (value) => (value === undefined ? '' : JSON.stringify(value)),
    read: (stored) => (typeof stored === 'string' && stored !== '' ? (parsed(stored) as Value) : undefined),
  };
}

/** A list as JSON in a column that is always there, empty where the list is. */
export function clearableList<Item>(): Column<readonly Item[]> {
  const json = clearableJson<readonly Item[]>();
  return { write: (list) => json.write(list.length > 0 ? list : undefined), read: (stored) => json.read(stored) ?? [] };
}

/** @param read `undefined` for what this field cannot be */
export function required<Value extends ColumnValue>(read: (stored: unknown) => Value | undefined): Column<Value> {
  return {
    write: asItIs,
    read(stored) {
      const value = read(stored);
      if (value === undefined) throw new DamagedColumn();
      return value;
    },
  };
}

/** In the order of the columns. */
export function toColumns<Fields extends object>(
  columns: Columns<Fields>,
  fields: Fields,
): Record<keyof Fields, ColumnValue> {
  const row: Partial<Record<keyof Fields, ColumnValue>> = {};
  for (const name in columns) {
    const value = columns[name].write(fields[name] as Parameters<Columns<Fields>[typeof name]['write']>[0]);
    if (value !== undefined) row[name] = value;
  }
  return row as Record<keyof Fields, ColumnValue>;
}

/** @throws DamagedColumn where a field has no value that it can have */
export function fromColumns<Fields extends object>(
  columns: Columns<Fields>,
  row: Readonly<Record<string, unknown>>,
): Fields {
  const fields: Partial<Fields> = {};
  for (const name in columns) {
    const value = columns[name].read(row[name]);
    if (value !== undefined) fields[name] = value as Fields[typeof name];
  }
  return fields as Fields;
}

function asItIs<Value>(value: Value): Value {
  return value;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw new DamagedColumn();
    throw thrown;
  }
}
