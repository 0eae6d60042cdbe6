// Leases of tasks: one owner at a time, and what becomes of a task whose owner died.

import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../../shared/errors.ts';
import { PLAIN, type RowForm, readTask, WRAPPED, withTask } from '../../../../shared/polling/tasks/leased-task.ts';
import type { TaskStore } from '../../../../shared/ports/task-store.ts';
import { adjustableClock } from '../../../support/adjustable-clock.ts';

interface Counter {
  readonly count: number;
}

const TASK = { name: 'count', initial: { count: 0 } as Counter, leaseMs: 60_000 };

/** A row under its etag, as the Table service keeps it. */
function rows(): TaskStore {
  const stored = new Map<string, { state: string; etag: string }>();
  let writes = 0;
  return {
    async read<State>(task: string) {
      const row = stored.get(task);
      return row ? { state: JSON.parse(row.state) as State, etag: row.etag } : {};
    },
    async write(task, state, etag) {
      if (stored.get(task)?.etag !== etag) throw new StoreError('NAC_POLL_LEASE_LOST', 'lost', { action: 'none' });
      writes += 1;
      stored.set(task, { state: JSON.stringify(state), etag: `etag-${writes}` });
      return `etag-${writes}`;
    },
  };
}

function instance(tasks: TaskStore, clock = adjustableClock()) {
  const random = { fraction: () => 0, hex: () => 'an-owner' };
  return { tasks, clock, random };
}

const always = (): boolean => true;

describe('a task', () => {
  test('goes on from where it was left', async () => {
    const deps = instance(rows());
    for (const expected of [0, 1, 2]) {
      const result = await withTask(deps, TASK, always, async (task) => {
        await task.save({ count: task.state.count + 1 });
        return expected;
      });
      expect(result).toBe(expected);
    }
    expect(await readTask<Counter>(deps.tasks, 'count')).toEqual({ state: { count: 3 } });
  });

  test('that is not due costs one read', async () => {
    const deps = instance(rows());
    expect(
      await withTask(
        deps,
        TASK,
        () => false,
        async () => 'worked',
      ),
    ).toBe('idle');
    expect(await deps.tasks.read('count')).toEqual({});
  });

  test('is worked on by one instance at a time', async () => {
    const tasks = rows();
    const result = await withTask(instance(tasks), TASK, always, () =>
      withTask(instance(tasks), TASK, always, async () => 'both'),
    );
    expect(result).toBe('leased');
  });

  test('of an instance that died goes on elsewhere when its lease is over, and the dead one writes no more', async () => {
    const tasks = rows();
    const clock = adjustableClock();
    let revive = (): void => undefined;
    const dead = withTask(instance(tasks, clock), TASK, always, async (task) => {
      await new Promise<void>((resolve) => {
        revive = resolve;
      });
      await task.save({ count: 100 });
      return 'survived';
    });
    await new Promise((resolve) => setImmediate(resolve));
    const next = () => withTask(instance(tasks, clock), TASK, always, async (task) => task.save({ count: 1 }));
    expect(await next()).toBe('leased');
    clock.advance(60_001);
    expect(await next()).toBeUndefined();
    revive();
    expect(await dead).toBe('lease-lost');
    expect((await readTask<Counter>(tasks, 'count')).state).toEqual({ count: 1 });
  });

  test('that fails keeps its lease until it is over, and what was saved', async () => {
    const tasks = rows();
    const clock = adjustableClock();
    const failing = withTask(instance(tasks, clock), TASK, always, async (task) => {
      await task.save({ count: 5 });
      throw new TypeError('mistake');
    });
    await expect(failing).rejects.toThrow('mistake');
    expect(await withTask(instance(tasks, clock), TASK, always, async () => 'at once')).toBe('leased');
    clock.advance(60_001);
    expect(await withTask(instance(tasks, clock), TASK, always, async ({ state }) => state.count)).toBe(5);
  });
});

describe.each<[string, RowForm, object]>([
  ['apart from its lease', WRAPPED, { state: { count: 1 } }],
  ['beside its lease', PLAIN, { count: 1 }],
])('a state that stands %s', (_how, form, row) => {
  test('stays in that form, which the version before reads', async () => {
    const deps = instance(rows());
    const task = { ...TASK, form };
    await withTask(deps, task, always, async (lease) => {
      await lease.save({ count: 1 });
      const { state: leased } = await deps.tasks.read('count');
      expect(leased).toEqual({ ...row, owner: 'an-owner', leaseUntil: expect.any(String) });
      lease.leave({ count: 1 });
    });
    expect((await deps.tasks.read('count')).state).toEqual(row);
    expect(await readTask<Counter>(deps.tasks, 'count', form)).toEqual({ state: { count: 1 } });
    expect(await withTask(deps, task, always, async ({ state, resumed }) => [state.count, resumed])).toEqual([
      1,
      false,
    ]);
  });
});
