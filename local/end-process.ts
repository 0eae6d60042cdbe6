// The end of a local program that others started: after what it wrote is out, whatever handles are still open.

/** The reader of our output may be gone before us; that is no reason to skip the shutdown. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

export function endProcess(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}
