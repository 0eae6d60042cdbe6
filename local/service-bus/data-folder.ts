// Opens the folder a broker keeps its messages and its access key in; one broker at a time.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StartError } from '../local-error.ts';
import { newAccessKey } from './shared-access-signature.ts';
import { SqliteStore } from './sqlite-store.ts';

export interface DataFolder {
  readonly store: SqliteStore;
  readonly accessKey: string;
}

export function openDataFolder(folder: string): DataFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const store = openStore(folder);
  try {
    return { store, accessKey: readOrCreateKey(path.join(folder, 'shared-access-key')) };
  } catch (error) {
    store.close();
    throw error;
  }
}

function openStore(folder: string): SqliteStore {
  try {
    return new SqliteStore(path.join(folder, 'messages.sqlite'));
  } catch (error) {
    if (!(error instanceof Error) || !/database is locked/.test(error.message)) throw error;
    throw new StartError(`The data folder ${folder} is in use by another Service Bus broker.`, { cause: error });
  }
}

function readOrCreateKey(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const accessKey = newAccessKey();
  writeFileSync(file, `${accessKey}\n`, { mode: 0o600, flag: 'wx' });
  return accessKey;
}
