// The files of the console, as the build has made them. What is served stands in the manifest: a path of a request is
// looked up there and never reaches the file system. Everything is read on first use, so that it costs a lookup
// nothing.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Coding } from '../http/accepted-coding.ts';

/** As scripts/build-console.ts writes it. */
interface ManifestFile {
  readonly path: string;
  readonly type: string;
  readonly hash: string;
  readonly immutable: boolean;
}

export interface ConsoleFile extends ManifestFile {
  /** @returns the content, in the coding asked for */
  content(coding: Coding | undefined): Promise<Buffer>;
}

const PAGE = 'index.html';
const SUFFIXES: Readonly<Record<Coding, string>> = { br: '.br', gzip: '.gz' };
/** Below these every name is the build's. */
const OWN_NAMES = /^(?:assets(?:\/|$)|config\.json$|manifest\.json$)/;

export class ConsoleFiles {
  readonly #folder: string;
  #manifest: Promise<ReadonlyMap<string, ConsoleFile>> | undefined;

  /** @param folder that the build has made */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @param path below `console/`; the page itself has addresses of its own, so that a path which names no file is one
   * @returns nothing for a name of the build that is not there (any more)
   */
  async find(path: string): Promise<ConsoleFile | undefined> {
    const files = await this.#files();
    return files.get(path) ?? (OWN_NAMES.test(path) ? undefined : files.get(PAGE));
  }

  #files(): Promise<ReadonlyMap<string, ConsoleFile>> {
    this.#manifest ??= this.#readManifest().catch((thrown) => {
      this.#manifest = undefined;
      throw thrown;
    });
    return this.#manifest;
  }

  async #readManifest(): Promise<ReadonlyMap<string, ConsoleFile>> {
    const { files } = JSON.parse(await readFile(join(this.#folder, 'manifest.json'), 'utf8'));
    return new Map((files as readonly ManifestFile[]).map((file) => [file.path, this.#served(file)]));
  }

  #served(file: ManifestFile): ConsoleFile {
    const kept = new Map<Coding | undefined, Promise<Buffer>>();
    const content = (coding: Coding | undefined): Promise<Buffer> => {
      const read = kept.get(coding) ?? readFile(join(this.#folder, file.path + (coding ? SUFFIXES[coding] : '')));
      kept.set(coding, read);
      read.catch(() => kept.delete(coding));
      return read;
    };
    return { ...file, content };
  }
}

/** Beside the bundle: built in one step, deployed in one package. */
export function consoleFolder(): string {
  return join(import.meta.dirname, 'console');
}
