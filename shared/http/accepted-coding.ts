// Which of the codings that a file is stored in a browser takes (RFC 9110 12.5.3).

export const CODINGS = ['br', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

/**
 * @param acceptEncoding the header; absent: the file as it is
 * @returns the smallest that is taken; nothing where the file goes as it is
 */
export function acceptedCoding(acceptEncoding: string | null): Coding | undefined {
  const taken = new Map<string, number>();
  for (const part of (acceptEncoding ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((each) => each.trim());
    const weight = parameters.find((each) => each.startsWith('q='))?.slice(2);
    if (name !== '') taken.set(name, weight === undefined ? 1 : Number(weight) || 0);
  }
  return CODINGS.find((coding) => (taken.get(coding) ?? taken.get('*') ?? 0) > 0);
}
