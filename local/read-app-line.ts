// Lines of our functions in the output of whatever host runs them. The embedded host hands them on as they are; the
// .NET host indents them, and Core Tools put a time before them.

/** The event that the line is about; nothing for a line of the host itself. */
export function readAppLine(line: string): Readonly<Record<string, unknown>> | undefined {
  const start = line.indexOf('{"');
  if (start === -1) return undefined;
  try {
    const event: unknown = JSON.parse(line.slice(start).trimEnd());
    return typeof event === 'object' && event !== null && 'event' in event ? { ...event } : undefined;
  } catch {
    return undefined;
  }
}
