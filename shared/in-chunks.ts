// Work on what may be without end: so many at a time, as long as there is time for more.

/**
 * @param hasTime asked before each chunk but the first, so that each call gets on by a chunk at least
 * @returns chunks of the items in their order, then `no-time` where there were more
 */
export async function* inChunks<T>(
  items: Iterable<T> | AsyncIterable<T>,
  size: number,
  hasTime: () => boolean = () => true,
): AsyncIterable<readonly T[] | 'no-time'> {
  let chunk: T[] = [];
  let begun = false;
  for await (const item of items) {
    if (chunk.length === size) {
      yield chunk;
      begun = true;
      chunk = [];
      if (!hasTime()) {
        yield 'no-time';
        return;
      }
    }
    chunk.push(item);
  }
  if (chunk.length === 0) return;
  yield begun && !hasTime() ? 'no-time' : chunk;
}
