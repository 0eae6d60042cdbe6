// Texts of policy.yaml of a wanted length: honest ones, and those that are made to be slow to judge.

const HEAD = 'roles: { a: { vlan: 1 } }\n';
const LAST = '  - { name: rest, permit: a }\n';
const SITES = Array.from({ length: 30 }, (_, index) => `s${index}`).join(', ');
const MACS = Array.from({ length: 20 }, (_, index) => `00:11:22:33:44:${10 + index}`).join(', ');

type Filled = (start: string, unit: (index: number) => string, end?: string) => string;

export const POLICY_TEXTS: Readonly<Record<string, (length: number) => string>> = {
  'rules by site': of((fill) =>
    fill(`${HEAD}rules:\n`, (n) => `  - { name: r${n}, when: { site: [${SITES}] }, permit: a }\n`, LAST),
  ),
  'rules by MAC': of((fill) =>
    fill(`${HEAD}rules:\n`, (n) => `  - { name: r${n}, when: { macAddress: [${MACS}] }, permit: a }\n`, LAST),
  ),
  sites: of((fill) =>
    fill(`${HEAD}sites:\n`, (n) => (n < 1999 ? `  s${n}: { vlans: { a: 2 } }\n` : '# x\n'), `rules:\n${LAST}`),
  ),
  'unknown keys': of((fill) => fill('', (n) => `k${n}: 1\n`)),
  'the same key': of((fill) => fill('', () => 'k: 1\n')),
  roles: of((fill) => fill('roles:\n', (n) => `  r${n}: { vlan: 1 }\n`)),
  anchors: of((fill) => fill('a: ', () => '&a ', '1\n')),
  aliases: of((fill) => fill(`${HEAD}x: &s hq\nrules: [`, () => '{ when: { site: [*s, *s, *s] } }, ', ']')),
  'long list': of((fill) => fill('rules: [', () => '1,', '1]')),
  documents: of((fill) => fill('a: 1\n', () => '---\na: 1\n')),
  brackets: of((fill) => fill('', () => '[')),
  quotes: of((fill) => fill('', () => '"')),
};

/** A policy that names so many lists in each of its rules, up to the wanted length. */
export function policyOfLists(lists: number, length: number): string {
  const named = Array.from({ length: lists }, (_, index) => `list:l${index}`).join(', ');
  const rule = (n: number) => `  - { name: r${n}, when: { macAddress: [${named}] }, permit: a }\n`;
  return of((fill) => fill(`${HEAD}rules:\n`, (n) => (n < 499 ? rule(n) : '# x\n'), LAST))(length);
}

/** So many addresses, each of twelve digits, one a line. */
export function macListText(addresses: number, list: number): string {
  return Array.from({ length: addresses }, (_, n) => `02${(list * addresses + n).toString(16).padStart(10, '0')}`).join(
    '\n',
  );
}

/** Repeats what `unit` gives between start and end, up to the length. */
function of(make: (fill: Filled) => string): (length: number) => string {
  return (wanted) =>
    make((start, unit, end = '') => {
      const parts = [start];
      let length = start.length + end.length;
      for (let index = 0; ; index++) {
        const next = unit(index);
        if (length + next.length > wanted) return parts.join('') + end;
        parts.push(next);
        length += next.length;
      }
    });
}
