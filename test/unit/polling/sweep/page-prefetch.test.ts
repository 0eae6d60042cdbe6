// Pages that are read ahead: their order, their number, and their end.

import { describe, expect, test } from 'vitest';
import { SourceError } from '../../../../shared/errors.ts';
import { PagePrefetch } from '../../../../shared/polling/sweep/page-prefetch.ts';
import type { ListPage } from '../../../../shared/ports/compliance-source.ts';

const FROM_START = { pages: 0 };

/** A list of numbered pages, each of which comes when the test says so. */
function listOf(length: number) {
  const asked: (string | undefined)[] = [];
  const coming: PromiseWithResolvers<ListPage>[] = [];
  const page = (number: number): ListPage => ({
    requestedAt: `${number}`,
    records: [],
    ...(number < length && { nextCursor: `${number + 1}` }),
  });
  return {
    asked,
    source: {
      name: 'intune',
      listDevices(cursor: string | undefined): Promise<ListPage> {
        asked.push(cursor);
        const page = Promise.withResolvers<ListPage>();
        coming.push(page);
        return page.promise;
      },
    },
    /** The page that was asked for last comes, and what waits for it goes on. */
    async come(outcome: ListPage | Error = page(coming.length)): Promise<void> {
      if (outcome instanceof Error) coming.at(-1)?.reject(outcome);
      else coming.at(-1)?.resolve(outcome);
      await new Promise(setImmediate);
    },
    async comeAll(): Promise<void> {
      for (let before = -1; before !== asked.length; ) {
        before = asked.length;
        await this.come();
      }
    },
  };
}

const timeOf = (page: ListPage | SourceError): unknown => (page instanceof SourceError ? page.code : page.requestedAt);

describe('pages ahead', () => {
  test('are asked for one after the other, each once, and given in their order', async () => {
    const list = listOf(5);
    const pages = new PagePrefetch(list.source, FROM_START);
    const taken: unknown[] = [];
    for (let page = 1; page <= 5; page++) {
      await list.come();
      taken.push(timeOf(await pages.take()));
    }
    expect(taken).toEqual(['1', '2', '3', '4', '5']);
    expect(list.asked).toEqual([undefined, '2', '3', '4', '5']);
  });

  test('are thirty-two until they are taken, and two from then on', async () => {
    const list = listOf(100);
    const pages = new PagePrefetch(list.source, FROM_START);
    await list.comeAll();
    expect(list.asked).toHaveLength(32);

    pages.limitDepth();
    for (let page = 1; page <= 30; page++) await pages.take();
    await list.comeAll();
    expect(list.asked).toHaveLength(32);
    for (let page = 31; page <= 38; page++) {
      await pages.take();
      await list.comeAll();
      expect(list.asked).toHaveLength(page + 2);
    }
  });

  test('that were asked for behind one that failed are none: it is given in its turn', async () => {
    const list = listOf(5);
    const pages = new PagePrefetch(list.source, FROM_START);
    await list.come();
    await list.come(new SourceError('NAC_SOURCE_UNAVAILABLE', 'away', { action: 'wait' }));
    expect([timeOf(await pages.take()), timeOf(await pages.take())]).toEqual(['1', 'NAC_SOURCE_UNAVAILABLE']);
    expect(list.asked).toEqual([undefined, '2']);
  });

  test('go on where a run was interrupted', async () => {
    const list = listOf(5);
    const pages = new PagePrefetch(list.source, { cursor: '4', pages: 3 });
    await list.come({ requestedAt: '4', records: [] });
    expect(timeOf(await pages.take())).toBe('4');
    expect(list.asked).toEqual(['4']);
  });

  test.each([
    ['lead to themselves', { cursor: '7', pages: 3 }, '7'],
    ['never end', { cursor: '7', pages: 20_000 }, '8'],
  ])('that %s are an error', async (_, run, nextCursor) => {
    const list = listOf(5);
    const pages = new PagePrefetch(list.source, run);
    await list.come({ requestedAt: '7', records: [], nextCursor });
    expect(timeOf(await pages.take())).toBe('NAC_SOURCE_PAGE_LOOP');
    expect(list.asked).toEqual(['7']);
  });

  test('are not asked for any more once no slice wants them', async () => {
    const list = listOf(5);
    const pages = new PagePrefetch(list.source, FROM_START);
    await list.come();
    pages.stop();
    await list.comeAll();
    expect(list.asked).toEqual([undefined, '2']);
  });
});
