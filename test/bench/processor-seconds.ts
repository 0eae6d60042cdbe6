// Processor time of another process, as Linux counts it (proc(5), fields 14 and 15 of stat).

import { readFileSync } from 'node:fs';

/** Of USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export function processorSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in brackets, may hold blanks.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
