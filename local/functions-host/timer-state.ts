// What outlives a process that runs timers: who runs them, and when each was due. On Azure both are blobs, a lease and
// a status; here they are files of one folder, and the lease of a process that has died is free at once, where Azure
// has another host wait for it.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ScheduleStatus {
  /** undefined for a timer that has never run. */
  readonly last: Date | undefined;
  readonly next: Date;
}

export interface TimerState {
  /** @returns false while another living process runs this timer */
  lock(name: string): boolean;
  unlock(name: string): void;
  read(name: string): ScheduleStatus | undefined;
  write(name: string, status: ScheduleStatus): void;
}

/** Of a host that is alone and starts afresh: nothing is kept. */
export const FORGETFUL: TimerState = { lock: () => true, unlock() {}, read: () => undefined, write() {} };

export function timerStateIn(folder: string): TimerState {
  mkdirSync(folder, { recursive: true });
  const lockFile = (name: string): string => join(folder, `${name}.lock`);
  const statusFile = (name: string): string => join(folder, `${name}.json`);
  return {
    lock(name) {
      const owner = ownerOf(lockFile(name));
      if (owner === process.pid) return true;
      if (owner !== undefined) {
        if (isAlive(owner)) return false;
        rmSync(lockFile(name), { force: true });
      }
      return create(lockFile(name));
    },
    unlock(name) {
      if (ownerOf(lockFile(name)) === process.pid) rmSync(lockFile(name), { force: true });
    },
    read(name) {
      const text = contentOf(statusFile(name));
      if (text === undefined) return undefined;
      const { last, next } = JSON.parse(text) as { last?: string; next: string };
      return { last: last === undefined ? undefined : new Date(last), next: new Date(next) };
    },
    write(name, status) {
      writeFileSync(statusFile(name), JSON.stringify(status));
    },
  };
}

/** Only one of several processes creates it. */
function create(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function ownerOf(file: string): number | undefined {
  const text = contentOf(file);
  return text === undefined || text === '' ? undefined : Number(text);
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
