// A list of rows as a real table: caption, headers, sorting by buttons, and a box of its own to scroll in, so that a
// narrow window scrolls the table and not the page.

import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { TEXTS } from '../texts.ts';
import { type Direction, sorted } from './sorted.ts';

export interface Column<Row> {
  /** Unique in the table. */
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** With it the column can be sorted: text, a number, or an instant as the API writes it. */
  readonly sortBy?: (row: Row) => string | number | undefined;
  /** Figures, set to the right. */
  readonly numeric?: boolean;
  /** Names the row: read out with each of its cells. */
  readonly rowHeader?: boolean;
  /** A field below the header that filters the list. */
  readonly filter?: ComponentChildren;
}

interface DataTableProps<Row> {
  /** What is listed; also the name of the box. */
  readonly caption: string;
  /** The caption is for screen readers alone, where a heading above says the same. */
  readonly quietCaption?: boolean;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Instead of rows, where there are none. */
  readonly empty?: ComponentChildren;
  readonly initialSort?: { readonly key: string; readonly direction: Direction };
  /** Whether a newer answer is on its way: what is shown stays. */
  readonly loading?: boolean;
  /** Extra class of a row. */
  readonly rowClass?: (row: Row) => string | undefined;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowKey, empty = TEXTS.nothingListed, loading = false } = props;
  const [sort, setSort] = useState(props.initialSort);
  const shown = useMemo(() => {
    const by = columns.find(({ key }) => key === sort?.key)?.sortBy;
    return sort && by ? sorted(rows, by, sort.direction) : rows;
  }, [rows, columns, sort]);
  const turn = (key: string): void =>
    setSort((before) => ({
      key,
      direction: before?.key === key && before.direction === 'ascending' ? 'descending' : 'ascending',
    }));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a box that scrolls, named by what it lists; no landmark, since its section is one
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by key (WCAG 2.1.1)
    <div class="table-box" role="group" aria-label={caption} tabIndex={0} aria-busy={loading}>
      <table>
        <caption class={props.quietCaption ? 'only-read' : undefined}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Header
                key={column.key}
                column={column}
                direction={sort?.key === column.key ? sort.direction : undefined}
                onTurn={() => turn(column.key)}
              />
            ))}
          </tr>
          {columns.some(({ filter }) => filter !== undefined) && (
            <tr class="filters">
              {columns.map(({ key, filter }) => (
                <td key={key}>{filter}</td>
              ))}
            </tr>
          )}
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)} class={props.rowClass?.(row)}>
              {columns.map((column) => (
                <Cell key={column.key} column={column} row={row} />
              ))}
            </tr>
          ))}
          {shown.length === 0 && (
            <tr>
              <td class="empty" colSpan={columns.length}>
                {empty}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

interface HeaderProps<Row> {
  readonly column: Column<Row>;
  readonly direction: Direction | undefined;
  readonly onTurn: () => void;
}

function Header<Row>({ column, direction, onTurn }: HeaderProps<Row>) {
  const kind = column.numeric ? 'numeric' : undefined;
  if (column.sortBy === undefined) {
    return (
      <th scope="col" class={kind}>
        {column.title}
      </th>
    );
  }
  return (
    <th scope="col" class={kind} {...(direction && { 'aria-sort': direction })}>
      <button type="button" class="sort" onClick={onTurn}>
        {column.title}
        <span aria-hidden="true" class="sort-sign">
          {direction === undefined ? '↕' : direction === 'ascending' ? '↑' : '↓'}
        </span>
      </button>
    </th>
  );
}

function Cell<Row>({ column, row }: { readonly column: Column<Row>; readonly row: Row }) {
  const kind = column.numeric ? 'numeric' : undefined;
  if (column.rowHeader) {
    return (
      <th scope="row" class={kind}>
        {column.cell(row)}
      </th>
    );
  }
  return <td class={kind}>{column.cell(row)}</td>;
}
