// Turns whatever was thrown into log text: the stack and the chain of causes, but no other properties,
// because client errors carry whole requests including their credentials.
export function describeError(thrown: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  let current = thrown;
  while (current instanceof Error && !seen.has(current)) {
    seen.add(current);
    parts.push(current.stack ?? `${current.name}: ${current.message}`);
    current = current.cause;
  }
  if (parts.length === 0) return String(thrown);
  return parts.join('\nCaused by: ');
}
