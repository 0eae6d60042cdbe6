// Pages of several queries as they come: each has one page under way or waiting, so that all are read side by side and
// no more than one page of each is in memory.

/** Rows of one query stay in their order; those of several come as they arrive. */
export async function* mergedPages<T>(queries: readonly AsyncIterator<readonly T[]>[]): AsyncIterable<T> {
  const underWay = new Map(queries.map((query) => [query, nextOf(query)]));
  try {
    while (underWay.size > 0) {
      const { query, page } = await Promise.race(underWay.values());
      if (page.done) {
        underWay.delete(query);
        continue;
      }
      underWay.set(query, nextOf(query));
      yield* page.value;
    }
  } finally {
    // What is not asked for any more may still fail.
    await Promise.allSettled(underWay.values());
    await Promise.allSettled(queries.map((query) => query.return?.()));
  }
}

async function nextOf<T>(query: AsyncIterator<readonly T[]>) {
  return { query, page: await query.next() };
}
