// What a policy.yaml of the size limit costs to judge, beside what the yaml library alone takes for the same text: honest
// files and those that are made to be slow.

import { LineCounter, parseDocument } from 'yaml';
import { LARGEST_POLICY, readPolicy } from '../../shared/adapters/yaml/read-policy.ts';

const MOST_TIMES = 3;
const ROUNDS = 3;

const HEAD = 'roles: { a: { vlan: 1 } }\n';
const LAST = '  - { name: rest, permit: a }\n';
const SITES = Array.from({ length: 30 }, (_, index) => `s${index}`).join(', ');
const MACS = Array.from({ length: 20 }, (_, index) => `00:11:22:33:44:${10 + index}`).join(', ');

/** Repeats what `unit` gives between start and end, up to the size limit. */
function filled(start: string, unit: (index: number) => string, end = ''): string {
  const parts = [start];
  let length = start.length + end.length;
  for (let index = 0; ; index++) {
    const next = unit(index);
    if (length + next.length > LARGEST_POLICY) return parts.join('') + end;
    parts.push(next);
    length += next.length;
  }
}

export const POLICY_TEXTS: Readonly<Record<string, string>> = {
  'rules by site': filled(
    `${HEAD}rules:\n`,
    (n) => `  - { name: r${n}, when: { site: [${SITES}] }, permit: a }\n`,
    LAST,
  ),
  'rules by MAC': filled(
    `${HEAD}rules:\n`,
    (n) => `  - { name: r${n}, when: { macAddress: [${MACS}] }, permit: a }\n`,
    LAST,
  ),
  sites: filled(`${HEAD}sites:\n`, (n) => (n < 1999 ? `  s${n}: { vlans: { a: 2 } }\n` : '# x\n'), `rules:\n${LAST}`),
  'unknown keys': filled('', (n) => `k${n}: 1\n`),
  'the same key': filled('', () => 'k: 1\n'),
  roles: filled('roles:\n', (n) => `  r${n}: { vlan: 1 }\n`),
  anchors: filled('a: ', () => '&a ', '1\n'),
  aliases: filled(`${HEAD}x: &s hq\nrules: [`, () => '{ when: { site: [*s, *s, *s] } }, ', ']'),
  'long list': filled('rules: [', () => '1,', '1]'),
  documents: filled('a: 1\n', () => '---\na: 1\n'),
  brackets: filled('', () => '['),
  quotes: filled('', () => '"'),
};

export async function benchPolicy(): Promise<void> {
  for (const [name, text] of Object.entries(POLICY_TEXTS)) {
    const library = best(() =>
      parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: false, logLevel: 'silent' }),
    );
    const own = best(() => readPolicy(text, { version: 'bench' }));
    const times = own / library;
    console.log(
      `${name.padEnd(14)} library ${library.toFixed(0)} ms, judged in ${own.toFixed(0)} ms: ${times.toFixed(2)} times`,
    );
    if (times > MOST_TIMES) process.exitCode = 1;
  }
}

/** Milliseconds of the fastest round: what others do on the machine only adds. */
function best(work: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begun = performance.now();
    try {
      work();
    } catch {
      // A refusal is an answer, too.
    }
    return performance.now() - begun;
  });
  return Math.min(...rounds);
}
