// Parses a timer's NCRONTAB schedule as strictly as Azure does and finds its occurrences, in UTC.
import { Cron } from 'croner';

export interface NcrontabSchedule {
  /** The first occurrence after the given time. */
  next(after: Date): Date;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly words?: readonly string[];
}

const MONTHS = 'january february march april may june july august september october november december'.split(' ');
const DAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, words: MONTHS },
  { name: 'day of week', min: 0, max: 6, words: DAYS },
];

/** Throws an Error saying what is wrong with the expression. */
export function parseNcrontab(expression: string): NcrontabSchedule {
  const parts = expression.trim().split(/\s+/);
  if (parts.length === 1 && /^\d+(\.\d+)?(:\d+)+$/.test(expression.trim())) {
    throw new Error('a TimeSpan works on App Service plans only, not on Flex Consumption');
  }
  if (parts.length !== 5 && parts.length !== 6) {
    throw new Error(
      `it has ${parts.length} field${parts.length === 1 ? '' : 's'}; six are needed (second minute hour day month day-of-week), or five without seconds`,
    );
  }
  const six = parts.length === 5 ? ['0', ...parts] : parts;
  // Every field is expanded to plain numbers here, so croner's own extensions (L, #, 7, @daily, ?) cannot slip through
  // and NCRONTAB's (full names, "5/10") work.
  const expanded = FIELDS.map((field, index) => expandField(field, six[index] ?? ''));
  // NCRONTAB demands both the day and the day of the week; classic cron, croner's default, either.
  const cron = new Cron(expanded.join(' '), { paused: true, domAndDow: true, timezone: 'UTC', mode: '6-part' });
  if (!cron.nextRun()) throw new Error('it never occurs');
  return {
    next(after) {
      const next = cron.nextRun(after);
      if (!next) throw new Error(`The schedule "${expression}" has no further occurrence.`);
      return next;
    },
  };
}

function expandField(field: Field, text: string): string {
  if (text === '*') return '*';
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item);
    if (!match) throw new Error(`"${item}" is not a valid ${field.name}`);
    const [, star, low, high, stepText] = match;
    const step = Number(stepText ?? 1);
    if (step === 0) throw new Error(`the step of "${item}" (${field.name}) must not be 0`);
    const from = star ? field.min : parseValue(field, low ?? '');
    // "5/10" means from 5 to the end in steps of 10.
    const openEnded = star !== undefined || (high === undefined && stepText !== undefined);
    const to = openEnded ? field.max : high === undefined ? from : parseValue(field, high);
    if (to < from) throw new Error(`the range "${item}" (${field.name}) ends before it begins`);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return [...values].sort((a, b) => a - b).join(',');
}

function parseValue(field: Field, text: string): number {
  const word = text.toLowerCase();
  const index = field.words?.findIndex((name) => name === word || name.slice(0, 3) === word) ?? -1;
  const value = index >= 0 ? index + field.min : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= field.min && value <= field.max)) {
    throw new Error(`"${text}" is not a valid ${field.name} (${field.min} to ${field.max})`);
  }
  return value;
}
